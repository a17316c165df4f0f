// rule constant_of_one_number
func.func public @main() -> (tensor<2x3xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<1.5> : tensor<2x3xf32>}> : () -> tensor<2x3xf32>
  func.return %0 : tensor<2x3xf32>
}
// becomes
func.func public @main() -> (tensor<2x3xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<1.5> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<2x3xf32>
  func.return %1 : tensor<2x3xf32>
}

// rule constant_of_one_number does not apply
func.func public @main() -> (tensor<2xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<[0.0, -0.0]> : tensor<2xf32>}> : () -> tensor<2xf32>
  func.return %0 : tensor<2xf32>
}

// rule broadcast_to_same
func.func public @main(%arg0: tensor<{n}x2xf32>) -> (tensor<{n}x2xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64: 0, 1>}> : (tensor<{n}x2xf32>) -> tensor<{n}x2xf32>
  func.return %0 : tensor<{n}x2xf32>
}
// becomes
func.func public @main(%arg0: tensor<{n}x2xf32>) -> (tensor<{n}x2xf32>) {
  func.return %arg0 : tensor<{n}x2xf32>
}

// rule broadcast_to_same does not apply
func.func public @main(%arg0: tensor<2x2xf32>) -> (tensor<2x2xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64: 1, 0>}> : (tensor<2x2xf32>) -> tensor<2x2xf32>
  func.return %0 : tensor<2x2xf32>
}

// rule broadcast_adding_ones
func.func public @main(%arg0: tensor<{n}x2xf32>) -> (tensor<{n}x1x2xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64: 0, 2>}> : (tensor<{n}x2xf32>) -> tensor<{n}x1x2xf32>
  func.return %0 : tensor<{n}x1x2xf32>
}
// becomes
func.func public @main(%arg0: tensor<{n}x2xf32>) -> (tensor<{n}x1x2xf32>) {
  %0 = "stablehlo.reshape"(%arg0) : (tensor<{n}x2xf32>) -> tensor<{n}x1x2xf32>
  func.return %0 : tensor<{n}x1x2xf32>
}

// rule broadcast_adding_ones does not apply
func.func public @main(%arg0: tensor<2x2xf32>) -> (tensor<2x1x2xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64: 2, 0>}> : (tensor<2x2xf32>) -> tensor<2x1x2xf32>
  func.return %0 : tensor<2x1x2xf32>
}

// rule broadcast_twice
func.func public @main(%arg0: tensor<2xf32>) -> (tensor<2x4x3xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64: 1>}> : (tensor<2xf32>) -> tensor<3x2xf32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64: 2, 0>}> : (tensor<3x2xf32>) -> tensor<2x4x3xf32>
  func.return %1 : tensor<2x4x3xf32>
}
// becomes
func.func public @main(%arg0: tensor<2xf32>) -> (tensor<2x4x3xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64: 0>}> : (tensor<2xf32>) -> tensor<2x4x3xf32>
  func.return %0 : tensor<2x4x3xf32>
}

// rule broadcast_of_reshape
func.func public @main(%arg0: tensor<{n}xf32>) -> (tensor<{n}x5xf32>) {
  %0 = "stablehlo.reshape"(%arg0) : (tensor<{n}xf32>) -> tensor<{n}x1xf32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64: 0, 1>}> : (tensor<{n}x1xf32>) -> tensor<{n}x5xf32>
  func.return %1 : tensor<{n}x5xf32>
}
// becomes
func.func public @main(%arg0: tensor<{n}xf32>) -> (tensor<{n}x5xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64: 0>}> : (tensor<{n}xf32>) -> tensor<{n}x5xf32>
  func.return %0 : tensor<{n}x5xf32>
}

// rule broadcast_of_reshape does not apply
func.func public @main(%arg0: tensor<6xf32>) -> (tensor<4x2x3xf32>) {
  %0 = "stablehlo.reshape"(%arg0) : (tensor<6xf32>) -> tensor<2x3xf32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64: 1, 2>}> : (tensor<2x3xf32>) -> tensor<4x2x3xf32>
  func.return %1 : tensor<4x2x3xf32>
}

// rule elementwise_of_broadcasts
func.func public @main(%arg0: tensor<f32>, %arg1: tensor<{n}xf32>) -> (tensor<{n}x3xf32>) {
  %0 = "stablehlo.exponential"(%arg0) : (tensor<f32>) -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<{n}x3xf32>
  %2 = "stablehlo.constant"() <{value = dense<2.0> : tensor<f32>}> : () -> tensor<f32>
  %3 = "stablehlo.broadcast_in_dim"(%2) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<{n}x3xf32>
  %4 = "stablehlo.add"(%1, %3) : (tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
  func.return %4 : tensor<{n}x3xf32>
}
// becomes
func.func public @main(%arg0: tensor<f32>, %arg1: tensor<{n}xf32>) -> (tensor<{n}x3xf32>) {
  %0 = "stablehlo.exponential"(%arg0) : (tensor<f32>) -> tensor<f32>
  %1 = "stablehlo.constant"() <{value = dense<2.0> : tensor<f32>}> : () -> tensor<f32>
  %2 = "stablehlo.add"(%0, %1) : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %3 = "stablehlo.broadcast_in_dim"(%2) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<{n}x3xf32>
  func.return %3 : tensor<{n}x3xf32>
}

// rule elementwise_of_broadcasts
func.func public @main(%arg0: tensor<3xf32>, %arg1: tensor<3xf32>, %arg2: tensor<{n}xf32>) -> (tensor<{n}x3xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64: 1>}> : (tensor<3xf32>) -> tensor<{n}x3xf32>
  %1 = "stablehlo.broadcast_in_dim"(%arg1) <{broadcast_dimensions = array<i64: 1>}> : (tensor<3xf32>) -> tensor<{n}x3xf32>
  %2 = "stablehlo.maximum"(%0, %1) : (tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
  func.return %2 : tensor<{n}x3xf32>
}
// becomes
func.func public @main(%arg0: tensor<3xf32>, %arg1: tensor<3xf32>, %arg2: tensor<{n}xf32>) -> (tensor<{n}x3xf32>) {
  %0 = "stablehlo.maximum"(%arg0, %arg1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64: 1>}> : (tensor<3xf32>) -> tensor<{n}x3xf32>
  func.return %1 : tensor<{n}x3xf32>
}

// rule elementwise_of_broadcasts
func.func public @main(%arg0: tensor<3xf32>, %arg1: tensor<i1>, %arg2: tensor<{n}xf32>) -> (tensor<{n}x3xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64: 1>}> : (tensor<3xf32>) -> tensor<{n}x3xf32>
  %1 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %2 = "stablehlo.broadcast_in_dim"(%1) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<{n}x3xf32>
  %3 = "stablehlo.select"(%arg1, %0, %2) : (tensor<i1>, tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
  func.return %3 : tensor<{n}x3xf32>
}
// becomes
func.func public @main(%arg0: tensor<3xf32>, %arg1: tensor<i1>, %arg2: tensor<{n}xf32>) -> (tensor<{n}x3xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<3xf32>
  %2 = "stablehlo.select"(%arg1, %arg0, %1) : (tensor<i1>, tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %3 = "stablehlo.broadcast_in_dim"(%2) <{broadcast_dimensions = array<i64: 1>}> : (tensor<3xf32>) -> tensor<{n}x3xf32>
  func.return %3 : tensor<{n}x3xf32>
}

// rule elementwise_of_broadcasts does not apply
func.func public @main(%arg0: tensor<3xf32>, %arg1: tensor<{n}xf32>) -> (tensor<{n}x3xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64: 1>}> : (tensor<3xf32>) -> tensor<{n}x3xf32>
  %1 = "stablehlo.broadcast_in_dim"(%arg1) <{broadcast_dimensions = array<i64: 0>}> : (tensor<{n}xf32>) -> tensor<{n}x3xf32>
  %2 = "stablehlo.add"(%0, %1) : (tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
  func.return %2 : tensor<{n}x3xf32>
}

// rule elementwise_of_broadcasts does not apply
func.func public @main(%arg0: tensor<3xf32>, %arg1: tensor<{n}x3xf32>) -> (tensor<{n}x3xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64: 1>}> : (tensor<3xf32>) -> tensor<{n}x3xf32>
  %1 = "stablehlo.add"(%0, %arg1) : (tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
  func.return %1 : tensor<{n}x3xf32>
}
