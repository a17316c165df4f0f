// rule case_known
func.func public @main(%arg0: tensor<4xf32>) -> (tensor<4xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<7> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.case"(%0) ({
    %2 = "stablehlo.abs"(%arg0) : (tensor<4xf32>) -> tensor<4xf32>
    "stablehlo.return"(%2) : (tensor<4xf32>) -> ()
  }, {
    %3 = "stablehlo.negate"(%arg0) : (tensor<4xf32>) -> tensor<4xf32>
    "stablehlo.return"(%3) : (tensor<4xf32>) -> ()
  }) : (tensor<i32>) -> tensor<4xf32>
  func.return %1 : tensor<4xf32>
}
// becomes
func.func public @main(%arg0: tensor<4xf32>) -> (tensor<4xf32>) {
  %0 = "stablehlo.negate"(%arg0) : (tensor<4xf32>) -> tensor<4xf32>
  func.return %0 : tensor<4xf32>
}

// rule case_known does not apply
func.func public @main(%arg0: tensor<4xf32>, %arg1: tensor<i32>) -> (tensor<4xf32>) {
  %0 = "stablehlo.case"(%arg1) ({
    %1 = "stablehlo.abs"(%arg0) : (tensor<4xf32>) -> tensor<4xf32>
    "stablehlo.return"(%1) : (tensor<4xf32>) -> ()
  }, {
    %2 = "stablehlo.negate"(%arg0) : (tensor<4xf32>) -> tensor<4xf32>
    "stablehlo.return"(%2) : (tensor<4xf32>) -> ()
  }) : (tensor<i32>) -> tensor<4xf32>
  func.return %0 : tensor<4xf32>
}

// rule sink_generators
func.func public @main(%arg0: tensor<4xf32>, %arg1: tensor<i32>) -> (tensor<4xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<2.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<4xf32>
  %2 = "stablehlo.case"(%arg1) ({
    %3 = "stablehlo.multiply"(%arg0, %1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    "stablehlo.return"(%3) : (tensor<4xf32>) -> ()
  }, {
    %4 = "stablehlo.negate"(%arg0) : (tensor<4xf32>) -> tensor<4xf32>
    "stablehlo.return"(%4) : (tensor<4xf32>) -> ()
  }) : (tensor<i32>) -> tensor<4xf32>
  func.return %2 : tensor<4xf32>
}
// becomes
func.func public @main(%arg0: tensor<4xf32>, %arg1: tensor<i32>) -> (tensor<4xf32>) {
  %0 = "stablehlo.case"(%arg1) ({
    %1 = "stablehlo.constant"() <{value = dense<2.0> : tensor<f32>}> : () -> tensor<f32>
    %2 = "stablehlo.broadcast_in_dim"(%1) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<4xf32>
    %3 = "stablehlo.multiply"(%arg0, %2) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    "stablehlo.return"(%3) : (tensor<4xf32>) -> ()
  }, {
    %4 = "stablehlo.negate"(%arg0) : (tensor<4xf32>) -> tensor<4xf32>
    "stablehlo.return"(%4) : (tensor<4xf32>) -> ()
  }) : (tensor<i32>) -> tensor<4xf32>
  func.return %0 : tensor<4xf32>
}

// rule sink_generators does not apply
func.func public @main(%arg0: tensor<4xf32>, %arg1: tensor<i32>) -> (tensor<4xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>}> : () -> tensor<4xf32>
  %1 = "stablehlo.case"(%arg1) ({
    %2 = "stablehlo.multiply"(%arg0, %0) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    "stablehlo.return"(%2) : (tensor<4xf32>) -> ()
  }, {
    %3 = "stablehlo.negate"(%arg0) : (tensor<4xf32>) -> tensor<4xf32>
    "stablehlo.return"(%3) : (tensor<4xf32>) -> ()
  }) : (tensor<i32>) -> tensor<4xf32>
  func.return %1 : tensor<4xf32>
}

// rule while_never
func.func public @main(%arg0: tensor<4xf32>) -> (tensor<4xf32>) {
  %0 = "stablehlo.while"(%arg0) ({
  ^bb0(%arg1: tensor<4xf32>):
    %1 = "stablehlo.constant"() <{value = dense<false> : tensor<i1>}> : () -> tensor<i1>
    "stablehlo.return"(%1) : (tensor<i1>) -> ()
  }, {
  ^bb0(%arg2: tensor<4xf32>):
    %2 = "stablehlo.negate"(%arg2) : (tensor<4xf32>) -> tensor<4xf32>
    "stablehlo.return"(%2) : (tensor<4xf32>) -> ()
  }) : (tensor<4xf32>) -> tensor<4xf32>
  func.return %0 : tensor<4xf32>
}
// becomes
func.func public @main(%arg0: tensor<4xf32>) -> (tensor<4xf32>) {
  func.return %arg0 : tensor<4xf32>
}

// rule while_carrying_invariants
func.func public @main(%arg0: tensor<i32>, %arg1: tensor<4xf32>, %arg2: tensor<4xf32>) -> (tensor<i32>, tensor<4xf32>, tensor<4xf32>) {
  %0:3 = "stablehlo.while"(%arg0, %arg1, %arg2) ({
  ^bb0(%arg3: tensor<i32>, %arg4: tensor<4xf32>, %arg5: tensor<4xf32>):
    %1 = "stablehlo.constant"() <{value = dense<3> : tensor<i32>}> : () -> tensor<i32>
    %2 = "stablehlo.compare"(%arg3, %1) <{comparison_direction = #stablehlo<comparison_direction LT>}> : (tensor<i32>, tensor<i32>) -> tensor<i1>
    "stablehlo.return"(%2) : (tensor<i1>) -> ()
  }, {
  ^bb0(%arg6: tensor<i32>, %arg7: tensor<4xf32>, %arg8: tensor<4xf32>):
    %3 = "stablehlo.constant"() <{value = dense<1> : tensor<i32>}> : () -> tensor<i32>
    %4 = "stablehlo.add"(%arg6, %3) : (tensor<i32>, tensor<i32>) -> tensor<i32>
    %5 = "stablehlo.maximum"(%arg7, %arg8) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    "stablehlo.return"(%4, %5, %arg8) : (tensor<i32>, tensor<4xf32>, tensor<4xf32>) -> ()
  }) : (tensor<i32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<i32>, tensor<4xf32>, tensor<4xf32>)
  func.return %0#0, %0#1, %0#2 : tensor<i32>, tensor<4xf32>, tensor<4xf32>
}
// becomes
func.func public @main(%arg0: tensor<i32>, %arg1: tensor<4xf32>, %arg2: tensor<4xf32>) -> (tensor<i32>, tensor<4xf32>, tensor<4xf32>) {
  %0:2 = "stablehlo.while"(%arg0, %arg1) ({
  ^bb0(%arg3: tensor<i32>, %arg4: tensor<4xf32>):
    %1 = "stablehlo.constant"() <{value = dense<3> : tensor<i32>}> : () -> tensor<i32>
    %2 = "stablehlo.compare"(%arg3, %1) <{comparison_direction = #stablehlo<comparison_direction LT>}> : (tensor<i32>, tensor<i32>) -> tensor<i1>
    "stablehlo.return"(%2) : (tensor<i1>) -> ()
  }, {
  ^bb0(%arg5: tensor<i32>, %arg6: tensor<4xf32>):
    %3 = "stablehlo.constant"() <{value = dense<1> : tensor<i32>}> : () -> tensor<i32>
    %4 = "stablehlo.add"(%arg5, %3) : (tensor<i32>, tensor<i32>) -> tensor<i32>
    %5 = "stablehlo.maximum"(%arg6, %arg2) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    "stablehlo.return"(%4, %5) : (tensor<i32>, tensor<4xf32>) -> ()
  }) : (tensor<i32>, tensor<4xf32>) -> (tensor<i32>, tensor<4xf32>)
  func.return %0#0, %0#1, %arg2 : tensor<i32>, tensor<4xf32>, tensor<4xf32>
}

// rule while_carrying_invariants does not apply
func.func public @main(%arg0: tensor<i32>, %arg1: tensor<4xf32>, %arg2: tensor<4xf32>) -> (tensor<i32>, tensor<4xf32>, tensor<4xf32>) {
  %0:3 = "stablehlo.while"(%arg0, %arg1, %arg2) ({
  ^bb0(%arg3: tensor<i32>, %arg4: tensor<4xf32>, %arg5: tensor<4xf32>):
    %1 = "stablehlo.constant"() <{value = dense<3> : tensor<i32>}> : () -> tensor<i32>
    %2 = "stablehlo.compare"(%arg3, %1) <{comparison_direction = #stablehlo<comparison_direction LT>}> : (tensor<i32>, tensor<i32>) -> tensor<i1>
    "stablehlo.return"(%2) : (tensor<i1>) -> ()
  }, {
  ^bb0(%arg6: tensor<i32>, %arg7: tensor<4xf32>, %arg8: tensor<4xf32>):
    %3 = "stablehlo.constant"() <{value = dense<1> : tensor<i32>}> : () -> tensor<i32>
    %4 = "stablehlo.add"(%arg6, %3) : (tensor<i32>, tensor<i32>) -> tensor<i32>
    "stablehlo.return"(%4, %arg8, %arg7) : (tensor<i32>, tensor<4xf32>, tensor<4xf32>) -> ()
  }) : (tensor<i32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<i32>, tensor<4xf32>, tensor<4xf32>)
  func.return %0#0, %0#1, %0#2 : tensor<i32>, tensor<4xf32>, tensor<4xf32>
}

// rule check_passes
func.func public @main(%arg0: tensor<4xf32>) -> (tensor<4xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<true> : tensor<i1>}> : () -> tensor<i1>
  "flowc.check"(%0) <{code = 1 : i64}> : (tensor<i1>) -> ()
  func.return %arg0 : tensor<4xf32>
}
// becomes
func.func public @main(%arg0: tensor<4xf32>) -> (tensor<4xf32>) {
  func.return %arg0 : tensor<4xf32>
}
