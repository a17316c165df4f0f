// rule same_operands
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi32>) {
  %0 = "stablehlo.and"(%arg0, %arg0) : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi32>
  func.return %0 : tensor<6xi32>
}
// becomes
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi32>) {
  func.return %arg0 : tensor<6xi32>
}

// rule and_constant
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi32>) {
  %0 = "stablehlo.constant"() <{value = dense<-1> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i32>) -> tensor<6xi32>
  %2 = "stablehlo.and"(%arg0, %1) : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi32>
  func.return %2 : tensor<6xi32>
}
// becomes
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi32>) {
  func.return %arg0 : tensor<6xi32>
}

// rule and_constant
func.func public @main(%arg0: tensor<4xi1>) -> (tensor<4xi1>) {
  %0 = "stablehlo.constant"() <{value = dense<false> : tensor<i1>}> : () -> tensor<i1>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i1>) -> tensor<4xi1>
  %2 = "stablehlo.and"(%1, %arg0) : (tensor<4xi1>, tensor<4xi1>) -> tensor<4xi1>
  func.return %2 : tensor<4xi1>
}
// becomes
func.func public @main(%arg0: tensor<4xi1>) -> (tensor<4xi1>) {
  %0 = "stablehlo.constant"() <{value = dense<false> : tensor<i1>}> : () -> tensor<i1>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i1>) -> tensor<4xi1>
  func.return %1 : tensor<4xi1>
}

// rule or_constant
func.func public @main(%arg0: tensor<6xui8>) -> (tensor<6xui8>) {
  %0 = "stablehlo.constant"() <{value = dense<255> : tensor<ui8>}> : () -> tensor<ui8>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<ui8>) -> tensor<6xui8>
  %2 = "stablehlo.or"(%arg0, %1) : (tensor<6xui8>, tensor<6xui8>) -> tensor<6xui8>
  func.return %2 : tensor<6xui8>
}
// becomes
func.func public @main(%arg0: tensor<6xui8>) -> (tensor<6xui8>) {
  %0 = "stablehlo.constant"() <{value = dense<255> : tensor<ui8>}> : () -> tensor<ui8>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<ui8>) -> tensor<6xui8>
  func.return %1 : tensor<6xui8>
}

// rule or_constant
func.func public @main(%arg0: tensor<4xi1>) -> (tensor<4xi1>) {
  %0 = "stablehlo.constant"() <{value = dense<false> : tensor<i1>}> : () -> tensor<i1>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i1>) -> tensor<4xi1>
  %2 = "stablehlo.or"(%arg0, %1) : (tensor<4xi1>, tensor<4xi1>) -> tensor<4xi1>
  func.return %2 : tensor<4xi1>
}
// becomes
func.func public @main(%arg0: tensor<4xi1>) -> (tensor<4xi1>) {
  func.return %arg0 : tensor<4xi1>
}

// rule xor_constant
func.func public @main(%arg0: tensor<4xi1>) -> (tensor<4xi1>) {
  %0 = "stablehlo.constant"() <{value = dense<true> : tensor<i1>}> : () -> tensor<i1>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i1>) -> tensor<4xi1>
  %2 = "stablehlo.xor"(%arg0, %1) : (tensor<4xi1>, tensor<4xi1>) -> tensor<4xi1>
  func.return %2 : tensor<4xi1>
}
// becomes
func.func public @main(%arg0: tensor<4xi1>) -> (tensor<4xi1>) {
  %0 = "stablehlo.not"(%arg0) : (tensor<4xi1>) -> tensor<4xi1>
  func.return %0 : tensor<4xi1>
}

// rule xor_constant
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi32>) {
  %0 = "stablehlo.xor"(%arg0, %arg0) : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi32>
  func.return %0 : tensor<6xi32>
}
// becomes
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi32>) {
  %0 = "stablehlo.constant"() <{value = dense<0> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i32>) -> tensor<6xi32>
  func.return %1 : tensor<6xi32>
}

// rule not_twice
func.func public @main(%arg0: tensor<4xi1>) -> (tensor<4xi1>) {
  %0 = "stablehlo.not"(%arg0) : (tensor<4xi1>) -> tensor<4xi1>
  %1 = "stablehlo.not"(%0) : (tensor<4xi1>) -> tensor<4xi1>
  func.return %1 : tensor<4xi1>
}
// becomes
func.func public @main(%arg0: tensor<4xi1>) -> (tensor<4xi1>) {
  func.return %arg0 : tensor<4xi1>
}

// rule not_comparison
func.func public @main(%arg0: tensor<6xi32>, %arg1: tensor<6xi32>) -> (tensor<6xi1>) {
  %0 = "stablehlo.compare"(%arg0, %arg1) <{comparison_direction = #stablehlo<comparison_direction LT>}> : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi1>
  %1 = "stablehlo.not"(%0) : (tensor<6xi1>) -> tensor<6xi1>
  func.return %1 : tensor<6xi1>
}
// becomes
func.func public @main(%arg0: tensor<6xi32>, %arg1: tensor<6xi32>) -> (tensor<6xi1>) {
  %0 = "stablehlo.compare"(%arg0, %arg1) <{comparison_direction = #stablehlo<comparison_direction GE>}> : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi1>
  func.return %0 : tensor<6xi1>
}

// rule not_comparison
func.func public @main(%arg0: tensor<10xf32>, %arg1: tensor<10xf32>) -> (tensor<10xi1>) {
  %0 = "stablehlo.compare"(%arg0, %arg1) <{comparison_direction = #stablehlo<comparison_direction NE>}> : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xi1>
  %1 = "stablehlo.not"(%0) : (tensor<10xi1>) -> tensor<10xi1>
  func.return %1 : tensor<10xi1>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>, %arg1: tensor<10xf32>) -> (tensor<10xi1>) {
  %0 = "stablehlo.compare"(%arg0, %arg1) <{comparison_direction = #stablehlo<comparison_direction EQ>}> : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xi1>
  func.return %0 : tensor<10xi1>
}

// rule not_comparison does not apply
func.func public @main(%arg0: tensor<10xf32>, %arg1: tensor<10xf32>) -> (tensor<10xi1>) {
  %0 = "stablehlo.compare"(%arg0, %arg1) <{comparison_direction = #stablehlo<comparison_direction LT>}> : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xi1>
  %1 = "stablehlo.not"(%0) : (tensor<10xi1>) -> tensor<10xi1>
  func.return %1 : tensor<10xi1>
}

// rule shift_by_zero
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi32>) {
  %0 = "stablehlo.constant"() <{value = dense<0> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i32>) -> tensor<6xi32>
  %2 = "stablehlo.shift_right_arithmetic"(%arg0, %1) : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi32>
  func.return %2 : tensor<6xi32>
}
// becomes
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi32>) {
  func.return %arg0 : tensor<6xi32>
}

// rule remainder_of_one
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi32>) {
  %0 = "stablehlo.constant"() <{value = dense<1> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i32>) -> tensor<6xi32>
  %2 = "stablehlo.remainder"(%arg0, %1) : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi32>
  func.return %2 : tensor<6xi32>
}
// becomes
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi32>) {
  %0 = "stablehlo.constant"() <{value = dense<0> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i32>) -> tensor<6xi32>
  func.return %1 : tensor<6xi32>
}

// rule remainder_of_one does not apply
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<1.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<10xf32>
  %2 = "stablehlo.remainder"(%arg0, %1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %2 : tensor<10xf32>
}
