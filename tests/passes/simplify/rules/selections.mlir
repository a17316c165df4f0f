// rule compare_itself
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi1>) {
  %0 = "stablehlo.compare"(%arg0, %arg0) <{comparison_direction = #stablehlo<comparison_direction LE>}> : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi1>
  func.return %0 : tensor<6xi1>
}
// becomes
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi1>) {
  %0 = "stablehlo.constant"() <{value = dense<true> : tensor<i1>}> : () -> tensor<i1>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i1>) -> tensor<6xi1>
  func.return %1 : tensor<6xi1>
}

// rule compare_itself
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xi1>) {
  %0 = "stablehlo.compare"(%arg0, %arg0) <{comparison_direction = #stablehlo<comparison_direction LT>}> : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xi1>
  func.return %0 : tensor<10xi1>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xi1>) {
  %0 = "stablehlo.constant"() <{value = dense<false> : tensor<i1>}> : () -> tensor<i1>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i1>) -> tensor<10xi1>
  func.return %1 : tensor<10xi1>
}

// rule compare_itself does not apply
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xi1>) {
  %0 = "stablehlo.compare"(%arg0, %arg0) <{comparison_direction = #stablehlo<comparison_direction EQ>}> : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xi1>
  func.return %0 : tensor<10xi1>
}

// rule compare_with_bool
func.func public @main(%arg0: tensor<4xi1>) -> (tensor<4xi1>) {
  %0 = "stablehlo.constant"() <{value = dense<true> : tensor<i1>}> : () -> tensor<i1>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i1>) -> tensor<4xi1>
  %2 = "stablehlo.compare"(%arg0, %1) <{comparison_direction = #stablehlo<comparison_direction EQ>}> : (tensor<4xi1>, tensor<4xi1>) -> tensor<4xi1>
  func.return %2 : tensor<4xi1>
}
// becomes
func.func public @main(%arg0: tensor<4xi1>) -> (tensor<4xi1>) {
  func.return %arg0 : tensor<4xi1>
}

// rule compare_with_bool
func.func public @main(%arg0: tensor<4xi1>) -> (tensor<4xi1>) {
  %0 = "stablehlo.constant"() <{value = dense<true> : tensor<i1>}> : () -> tensor<i1>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i1>) -> tensor<4xi1>
  %2 = "stablehlo.compare"(%1, %arg0) <{comparison_direction = #stablehlo<comparison_direction NE>}> : (tensor<4xi1>, tensor<4xi1>) -> tensor<4xi1>
  func.return %2 : tensor<4xi1>
}
// becomes
func.func public @main(%arg0: tensor<4xi1>) -> (tensor<4xi1>) {
  %0 = "stablehlo.not"(%arg0) : (tensor<4xi1>) -> tensor<4xi1>
  func.return %0 : tensor<4xi1>
}

// rule compare_unsigned
func.func public @main(%arg0: tensor<6xui8>) -> (tensor<6xi1>) {
  %0 = "stablehlo.constant"() <{value = dense<0> : tensor<ui8>}> : () -> tensor<ui8>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<ui8>) -> tensor<6xui8>
  %2 = "stablehlo.compare"(%arg0, %1) <{comparison_direction = #stablehlo<comparison_direction GE>}> : (tensor<6xui8>, tensor<6xui8>) -> tensor<6xi1>
  func.return %2 : tensor<6xi1>
}
// becomes
func.func public @main(%arg0: tensor<6xui8>) -> (tensor<6xi1>) {
  %0 = "stablehlo.constant"() <{value = dense<true> : tensor<i1>}> : () -> tensor<i1>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i1>) -> tensor<6xi1>
  func.return %1 : tensor<6xi1>
}

// rule compare_unsigned does not apply
func.func public @main(%arg0: tensor<6xui8>) -> (tensor<6xi1>) {
  %0 = "stablehlo.constant"() <{value = dense<1> : tensor<ui8>}> : () -> tensor<ui8>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<ui8>) -> tensor<6xui8>
  %2 = "stablehlo.compare"(%arg0, %1) <{comparison_direction = #stablehlo<comparison_direction GE>}> : (tensor<6xui8>, tensor<6xui8>) -> tensor<6xi1>
  func.return %2 : tensor<6xi1>
}

// rule select_known
func.func public @main(%arg0: tensor<10xf32>, %arg1: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<false> : tensor<i1>}> : () -> tensor<i1>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i1>) -> tensor<10xi1>
  %2 = "stablehlo.select"(%1, %arg0, %arg1) : (tensor<10xi1>, tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %2 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>, %arg1: tensor<10xf32>) -> (tensor<10xf32>) {
  func.return %arg1 : tensor<10xf32>
}

// rule select_known
func.func public @main(%arg0: tensor<10xf32>, %arg1: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<true> : tensor<i1>}> : () -> tensor<i1>
  %1 = "stablehlo.select"(%0, %arg0, %arg1) : (tensor<i1>, tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %1 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>, %arg1: tensor<10xf32>) -> (tensor<10xf32>) {
  func.return %arg0 : tensor<10xf32>
}

// rule select_same
func.func public @main(%arg0: tensor<10xi1>, %arg1: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.select"(%arg0, %arg1, %arg1) : (tensor<10xi1>, tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %0 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xi1>, %arg1: tensor<10xf32>) -> (tensor<10xf32>) {
  func.return %arg1 : tensor<10xf32>
}

// rule select_not
func.func public @main(%arg0: tensor<10xi1>, %arg1: tensor<10xf32>, %arg2: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.not"(%arg0) : (tensor<10xi1>) -> tensor<10xi1>
  %1 = "stablehlo.select"(%0, %arg1, %arg2) : (tensor<10xi1>, tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %1 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xi1>, %arg1: tensor<10xf32>, %arg2: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.select"(%arg0, %arg2, %arg1) : (tensor<10xi1>, tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %0 : tensor<10xf32>
}

// rule select_bools
func.func public @main(%arg0: tensor<10xi1>) -> (tensor<10xi1>) {
  %0 = "stablehlo.constant"() <{value = dense<true> : tensor<i1>}> : () -> tensor<i1>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i1>) -> tensor<10xi1>
  %2 = "stablehlo.constant"() <{value = dense<false> : tensor<i1>}> : () -> tensor<i1>
  %3 = "stablehlo.broadcast_in_dim"(%2) <{broadcast_dimensions = array<i64>}> : (tensor<i1>) -> tensor<10xi1>
  %4 = "stablehlo.select"(%arg0, %1, %3) : (tensor<10xi1>, tensor<10xi1>, tensor<10xi1>) -> tensor<10xi1>
  func.return %4 : tensor<10xi1>
}
// becomes
func.func public @main(%arg0: tensor<10xi1>) -> (tensor<10xi1>) {
  func.return %arg0 : tensor<10xi1>
}

// rule select_bools
func.func public @main(%arg0: tensor<10xi1>) -> (tensor<10xi1>) {
  %0 = "stablehlo.constant"() <{value = dense<false> : tensor<i1>}> : () -> tensor<i1>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i1>) -> tensor<10xi1>
  %2 = "stablehlo.constant"() <{value = dense<true> : tensor<i1>}> : () -> tensor<i1>
  %3 = "stablehlo.broadcast_in_dim"(%2) <{broadcast_dimensions = array<i64>}> : (tensor<i1>) -> tensor<10xi1>
  %4 = "stablehlo.select"(%arg0, %1, %3) : (tensor<10xi1>, tensor<10xi1>, tensor<10xi1>) -> tensor<10xi1>
  func.return %4 : tensor<10xi1>
}
// becomes
func.func public @main(%arg0: tensor<10xi1>) -> (tensor<10xi1>) {
  %0 = "stablehlo.not"(%arg0) : (tensor<10xi1>) -> tensor<10xi1>
  func.return %0 : tensor<10xi1>
}

// rule select_again
func.func public @main(%arg0: tensor<10xi1>, %arg1: tensor<10xf32>, %arg2: tensor<10xf32>, %arg3: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.select"(%arg0, %arg1, %arg2) : (tensor<10xi1>, tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  %1 = "stablehlo.select"(%arg0, %0, %arg3) : (tensor<10xi1>, tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %1 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xi1>, %arg1: tensor<10xf32>, %arg2: tensor<10xf32>, %arg3: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.select"(%arg0, %arg1, %arg3) : (tensor<10xi1>, tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %0 : tensor<10xf32>
}

// rule select_again
func.func public @main(%arg0: tensor<10xi1>, %arg1: tensor<10xf32>, %arg2: tensor<10xf32>, %arg3: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.select"(%arg0, %arg2, %arg3) : (tensor<10xi1>, tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  %1 = "stablehlo.select"(%arg0, %arg1, %0) : (tensor<10xi1>, tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %1 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xi1>, %arg1: tensor<10xf32>, %arg2: tensor<10xf32>, %arg3: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.select"(%arg0, %arg1, %arg3) : (tensor<10xi1>, tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %0 : tensor<10xf32>
}

// rule select_again does not apply
func.func public @main(%arg0: tensor<10xi1>, %arg1: tensor<10xi1>, %arg2: tensor<10xf32>, %arg3: tensor<10xf32>, %arg4: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.select"(%arg1, %arg2, %arg3) : (tensor<10xi1>, tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  %1 = "stablehlo.select"(%arg0, %0, %arg4) : (tensor<10xi1>, tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %1 : tensor<10xf32>
}

// rule extreme_of_same
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.maximum"(%arg0, %arg0) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %0 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  func.return %arg0 : tensor<10xf32>
}

// rule extreme_identity
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<0xFF800000> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<10xf32>
  %2 = "stablehlo.maximum"(%arg0, %1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %2 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  func.return %arg0 : tensor<10xf32>
}

// rule extreme_identity
func.func public @main(%arg0: tensor<6xui8>) -> (tensor<6xui8>) {
  %0 = "stablehlo.constant"() <{value = dense<255> : tensor<ui8>}> : () -> tensor<ui8>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<ui8>) -> tensor<6xui8>
  %2 = "stablehlo.minimum"(%1, %arg0) : (tensor<6xui8>, tensor<6xui8>) -> tensor<6xui8>
  func.return %2 : tensor<6xui8>
}
// becomes
func.func public @main(%arg0: tensor<6xui8>) -> (tensor<6xui8>) {
  func.return %arg0 : tensor<6xui8>
}

// rule extreme_identity does not apply
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<0x7F800000> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<10xf32>
  %2 = "stablehlo.maximum"(%arg0, %1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %2 : tensor<10xf32>
}

// rule extreme_again
func.func public @main(%arg0: tensor<10xf32>, %arg1: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.maximum"(%arg0, %arg1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  %1 = "stablehlo.maximum"(%0, %arg1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %1 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>, %arg1: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.maximum"(%arg0, %arg1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %0 : tensor<10xf32>
}

// rule extreme_again does not apply
func.func public @main(%arg0: tensor<10xf32>, %arg1: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.minimum"(%arg0, %arg1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  %1 = "stablehlo.maximum"(%0, %arg1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %1 : tensor<10xf32>
}

// rule clamp_unbounded
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<0xFF800000> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.constant"() <{value = dense<0x7F800000> : tensor<f32>}> : () -> tensor<f32>
  %2 = "stablehlo.clamp"(%0, %arg0, %1) : (tensor<f32>, tensor<10xf32>, tensor<f32>) -> tensor<10xf32>
  func.return %2 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  func.return %arg0 : tensor<10xf32>
}

// rule clamp_unbounded does not apply
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.constant"() <{value = dense<0x7F800000> : tensor<f32>}> : () -> tensor<f32>
  %2 = "stablehlo.clamp"(%0, %arg0, %1) : (tensor<f32>, tensor<10xf32>, tensor<f32>) -> tensor<10xf32>
  func.return %2 : tensor<10xf32>
}
