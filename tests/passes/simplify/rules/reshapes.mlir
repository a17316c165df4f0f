// rule reshape_to_same
func.func public @main(%arg0: tensor<{n}xf32>) -> (tensor<{n}xf32>) {
  %0 = "stablehlo.reshape"(%arg0) : (tensor<{n}xf32>) -> tensor<{n}xf32>
  func.return %0 : tensor<{n}xf32>
}
// becomes
func.func public @main(%arg0: tensor<{n}xf32>) -> (tensor<{n}xf32>) {
  func.return %arg0 : tensor<{n}xf32>
}

// rule reshape_twice
func.func public @main(%arg0: tensor<6xf32>) -> (tensor<3x2xf32>) {
  %0 = "stablehlo.reshape"(%arg0) : (tensor<6xf32>) -> tensor<2x3xf32>
  %1 = "stablehlo.reshape"(%0) : (tensor<2x3xf32>) -> tensor<3x2xf32>
  func.return %1 : tensor<3x2xf32>
}
// becomes
func.func public @main(%arg0: tensor<6xf32>) -> (tensor<3x2xf32>) {
  %0 = "stablehlo.reshape"(%arg0) : (tensor<6xf32>) -> tensor<3x2xf32>
  func.return %0 : tensor<3x2xf32>
}

// rule reshape_of_broadcast
func.func public @main(%arg0: tensor<f32>, %arg1: tensor<{n}xf32>) -> (tensor<{2*n}xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<{n}x2xf32>
  %1 = "stablehlo.reshape"(%0) : (tensor<{n}x2xf32>) -> tensor<{2*n}xf32>
  func.return %1 : tensor<{2*n}xf32>
}
// becomes
func.func public @main(%arg0: tensor<f32>, %arg1: tensor<{n}xf32>) -> (tensor<{2*n}xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<{2*n}xf32>
  func.return %0 : tensor<{2*n}xf32>
}

// rule reshape_of_broadcast
func.func public @main(%arg0: tensor<1x{n}xf32>) -> (tensor<{n}x1x2xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64: 0, 1>}> : (tensor<1x{n}xf32>) -> tensor<1x{n}x2xf32>
  %1 = "stablehlo.reshape"(%0) : (tensor<1x{n}x2xf32>) -> tensor<{n}x1x2xf32>
  func.return %1 : tensor<{n}x1x2xf32>
}
// becomes
func.func public @main(%arg0: tensor<1x{n}xf32>) -> (tensor<{n}x1x2xf32>) {
  %0 = "stablehlo.reshape"(%arg0) : (tensor<1x{n}xf32>) -> tensor<{n}xf32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64: 0>}> : (tensor<{n}xf32>) -> tensor<{n}x1x2xf32>
  func.return %1 : tensor<{n}x1x2xf32>
}

// rule reshape_of_broadcast does not apply
func.func public @main(%arg0: tensor<2xf32>) -> (tensor<6xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64: 1>}> : (tensor<2xf32>) -> tensor<3x2xf32>
  %1 = "stablehlo.reshape"(%0) : (tensor<3x2xf32>) -> tensor<6xf32>
  func.return %1 : tensor<6xf32>
}

// rule reshape_of_iota
func.func public @main(%arg0: tensor<{n}xf32>) -> (tensor<{n}x1x2xi32>) {
  %0 = "stablehlo.iota"() <{iota_dimension = 0 : i64}> : () -> tensor<{n}x2xi32>
  %1 = "stablehlo.reshape"(%0) : (tensor<{n}x2xi32>) -> tensor<{n}x1x2xi32>
  func.return %1 : tensor<{n}x1x2xi32>
}
// becomes
func.func public @main(%arg0: tensor<{n}xf32>) -> (tensor<{n}x1x2xi32>) {
  %0 = "stablehlo.iota"() <{iota_dimension = 0 : i64}> : () -> tensor<{n}x1x2xi32>
  func.return %0 : tensor<{n}x1x2xi32>
}

// rule reshape_of_iota
func.func public @main() -> (tensor<2xi32>) {
  %0 = "stablehlo.iota"() <{iota_dimension = 0 : i64}> : () -> tensor<1x2xi32>
  %1 = "stablehlo.reshape"(%0) : (tensor<1x2xi32>) -> tensor<2xi32>
  func.return %1 : tensor<2xi32>
}
// becomes
func.func public @main() -> (tensor<2xi32>) {
  %0 = "stablehlo.constant"() <{value = dense<0> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i32>) -> tensor<2xi32>
  func.return %1 : tensor<2xi32>
}

// rule reshape_of_iota does not apply
func.func public @main() -> (tensor<6xi32>) {
  %0 = "stablehlo.iota"() <{iota_dimension = 0 : i64}> : () -> tensor<3x2xi32>
  %1 = "stablehlo.reshape"(%0) : (tensor<3x2xi32>) -> tensor<6xi32>
  func.return %1 : tensor<6xi32>
}

// rule elementwise_of_reshapes
func.func public @main(%arg0: tensor<{n}xf32>, %arg1: tensor<{n}xf32>) -> (tensor<{n}x1xf32>) {
  %0 = "stablehlo.reshape"(%arg0) : (tensor<{n}xf32>) -> tensor<{n}x1xf32>
  %1 = "stablehlo.reshape"(%arg1) : (tensor<{n}xf32>) -> tensor<{n}x1xf32>
  %2 = "stablehlo.add"(%0, %1) : (tensor<{n}x1xf32>, tensor<{n}x1xf32>) -> tensor<{n}x1xf32>
  func.return %2 : tensor<{n}x1xf32>
}
// becomes
func.func public @main(%arg0: tensor<{n}xf32>, %arg1: tensor<{n}xf32>) -> (tensor<{n}x1xf32>) {
  %0 = "stablehlo.add"(%arg0, %arg1) : (tensor<{n}xf32>, tensor<{n}xf32>) -> tensor<{n}xf32>
  %1 = "stablehlo.reshape"(%0) : (tensor<{n}xf32>) -> tensor<{n}x1xf32>
  func.return %1 : tensor<{n}x1xf32>
}

// rule elementwise_of_reshapes
func.func public @main(%arg0: tensor<{n}xf32>, %arg1: tensor<f32>) -> (tensor<{n}x1xf32>) {
  %0 = "stablehlo.reshape"(%arg0) : (tensor<{n}xf32>) -> tensor<{n}x1xf32>
  %1 = "stablehlo.constant"() <{value = dense<1.0> : tensor<f32>}> : () -> tensor<f32>
  %2 = "stablehlo.broadcast_in_dim"(%1) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<{n}x1xf32>
  %3 = "stablehlo.maximum"(%0, %2) : (tensor<{n}x1xf32>, tensor<{n}x1xf32>) -> tensor<{n}x1xf32>
  %4 = "stablehlo.broadcast_in_dim"(%arg1) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<{n}x1xf32>
  %5 = "stablehlo.multiply"(%3, %4) : (tensor<{n}x1xf32>, tensor<{n}x1xf32>) -> tensor<{n}x1xf32>
  func.return %5 : tensor<{n}x1xf32>
}
// becomes
func.func public @main(%arg0: tensor<{n}xf32>, %arg1: tensor<f32>) -> (tensor<{n}x1xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<1.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<{n}x1xf32>
  %2 = "stablehlo.reshape"(%1) : (tensor<{n}x1xf32>) -> tensor<{n}xf32>
  %3 = "stablehlo.maximum"(%arg0, %2) : (tensor<{n}xf32>, tensor<{n}xf32>) -> tensor<{n}xf32>
  %4 = "stablehlo.broadcast_in_dim"(%arg1) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<{n}x1xf32>
  %5 = "stablehlo.reshape"(%4) : (tensor<{n}x1xf32>) -> tensor<{n}xf32>
  %6 = "stablehlo.multiply"(%3, %5) : (tensor<{n}xf32>, tensor<{n}xf32>) -> tensor<{n}xf32>
  %7 = "stablehlo.reshape"(%6) : (tensor<{n}xf32>) -> tensor<{n}x1xf32>
  func.return %7 : tensor<{n}x1xf32>
}

// rule elementwise_of_reshapes does not apply
func.func public @main(%arg0: tensor<{n}xf32>, %arg1: tensor<{n}x1xf32>) -> (tensor<{n}x1xf32>) {
  %0 = "stablehlo.reshape"(%arg0) : (tensor<{n}xf32>) -> tensor<{n}x1xf32>
  %1 = "stablehlo.add"(%0, %arg1) : (tensor<{n}x1xf32>, tensor<{n}x1xf32>) -> tensor<{n}x1xf32>
  func.return %1 : tensor<{n}x1xf32>
}

// rule elementwise_of_reshapes does not apply
func.func public @main(%arg0: tensor<6xf32>, %arg1: tensor<6xf32>) -> (tensor<2x3xf32>) {
  %0 = "stablehlo.reshape"(%arg0) : (tensor<6xf32>) -> tensor<2x3xf32>
  %1 = "stablehlo.reshape"(%arg1) : (tensor<6xf32>) -> tensor<2x3xf32>
  %2 = "stablehlo.add"(%0, %1) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  func.return %2 : tensor<2x3xf32>
}
