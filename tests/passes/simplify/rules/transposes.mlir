// rule transpose_twice
func.func public @main(%arg0: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %0 = "stablehlo.transpose"(%arg0) <{permutation = array<i64: 1, 0>}> : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %1 = "stablehlo.transpose"(%0) <{permutation = array<i64: 1, 0>}> : (tensor<3x2xf32>) -> tensor<2x3xf32>
  func.return %1 : tensor<2x3xf32>
}
// becomes
func.func public @main(%arg0: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  func.return %arg0 : tensor<2x3xf32>
}

// rule transpose_twice
func.func public @main(%arg0: tensor<2x3x4xf32>) -> (tensor<4x3x2xf32>) {
  %0 = "stablehlo.transpose"(%arg0) <{permutation = array<i64: 1, 2, 0>}> : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
  %1 = "stablehlo.transpose"(%0) <{permutation = array<i64: 1, 0, 2>}> : (tensor<3x4x2xf32>) -> tensor<4x3x2xf32>
  func.return %1 : tensor<4x3x2xf32>
}
// becomes
func.func public @main(%arg0: tensor<2x3x4xf32>) -> (tensor<4x3x2xf32>) {
  %0 = "stablehlo.transpose"(%arg0) <{permutation = array<i64: 2, 1, 0>}> : (tensor<2x3x4xf32>) -> tensor<4x3x2xf32>
  func.return %0 : tensor<4x3x2xf32>
}

// rule transpose_moving_ones
func.func public @main(%arg0: tensor<{n}x1x2xf32>) -> (tensor<1x{n}x2xf32>) {
  %0 = "stablehlo.transpose"(%arg0) <{permutation = array<i64: 1, 0, 2>}> : (tensor<{n}x1x2xf32>) -> tensor<1x{n}x2xf32>
  func.return %0 : tensor<1x{n}x2xf32>
}
// becomes
func.func public @main(%arg0: tensor<{n}x1x2xf32>) -> (tensor<1x{n}x2xf32>) {
  %0 = "stablehlo.reshape"(%arg0) : (tensor<{n}x1x2xf32>) -> tensor<1x{n}x2xf32>
  func.return %0 : tensor<1x{n}x2xf32>
}

// rule transpose_moving_ones does not apply
func.func public @main(%arg0: tensor<{n}x1x2xf32>) -> (tensor<1x2x{n}xf32>) {
  %0 = "stablehlo.transpose"(%arg0) <{permutation = array<i64: 1, 2, 0>}> : (tensor<{n}x1x2xf32>) -> tensor<1x2x{n}xf32>
  func.return %0 : tensor<1x2x{n}xf32>
}

// rule transpose_of_broadcast
func.func public @main(%arg0: tensor<3xf32>) -> (tensor<3x2xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64: 1>}> : (tensor<3xf32>) -> tensor<2x3xf32>
  %1 = "stablehlo.transpose"(%0) <{permutation = array<i64: 1, 0>}> : (tensor<2x3xf32>) -> tensor<3x2xf32>
  func.return %1 : tensor<3x2xf32>
}
// becomes
func.func public @main(%arg0: tensor<3xf32>) -> (tensor<3x2xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64: 0>}> : (tensor<3xf32>) -> tensor<3x2xf32>
  func.return %0 : tensor<3x2xf32>
}

// rule transpose_of_iota
func.func public @main() -> (tensor<3x2xi32>) {
  %0 = "stablehlo.iota"() <{iota_dimension = 1 : i64}> : () -> tensor<2x3xi32>
  %1 = "stablehlo.transpose"(%0) <{permutation = array<i64: 1, 0>}> : (tensor<2x3xi32>) -> tensor<3x2xi32>
  func.return %1 : tensor<3x2xi32>
}
// becomes
func.func public @main() -> (tensor<3x2xi32>) {
  %0 = "stablehlo.iota"() <{iota_dimension = 0 : i64}> : () -> tensor<3x2xi32>
  func.return %0 : tensor<3x2xi32>
}

// rule reverse_ones
func.func public @main(%arg0: tensor<2x1xf32>) -> (tensor<2x1xf32>) {
  %0 = "stablehlo.reverse"(%arg0) <{dimensions = array<i64: 0, 1>}> : (tensor<2x1xf32>) -> tensor<2x1xf32>
  func.return %0 : tensor<2x1xf32>
}
// becomes
func.func public @main(%arg0: tensor<2x1xf32>) -> (tensor<2x1xf32>) {
  %0 = "stablehlo.reverse"(%arg0) <{dimensions = array<i64: 0>}> : (tensor<2x1xf32>) -> tensor<2x1xf32>
  func.return %0 : tensor<2x1xf32>
}

// rule reverse_twice
func.func public @main(%arg0: tensor<2x3x4xf32>) -> (tensor<2x3x4xf32>) {
  %0 = "stablehlo.reverse"(%arg0) <{dimensions = array<i64: 0, 1>}> : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %1 = "stablehlo.reverse"(%0) <{dimensions = array<i64: 1, 2>}> : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  func.return %1 : tensor<2x3x4xf32>
}
// becomes
func.func public @main(%arg0: tensor<2x3x4xf32>) -> (tensor<2x3x4xf32>) {
  %0 = "stablehlo.reverse"(%arg0) <{dimensions = array<i64: 0, 2>}> : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  func.return %0 : tensor<2x3x4xf32>
}

// rule reverse_of_broadcast
func.func public @main(%arg0: tensor<3xf32>) -> (tensor<2x3xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64: 1>}> : (tensor<3xf32>) -> tensor<2x3xf32>
  %1 = "stablehlo.reverse"(%0) <{dimensions = array<i64: 0>}> : (tensor<2x3xf32>) -> tensor<2x3xf32>
  func.return %1 : tensor<2x3xf32>
}
// becomes
func.func public @main(%arg0: tensor<3xf32>) -> (tensor<2x3xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64: 1>}> : (tensor<3xf32>) -> tensor<2x3xf32>
  func.return %0 : tensor<2x3xf32>
}

// rule reverse_of_broadcast does not apply
func.func public @main(%arg0: tensor<3xf32>) -> (tensor<2x3xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64: 1>}> : (tensor<3xf32>) -> tensor<2x3xf32>
  %1 = "stablehlo.reverse"(%0) <{dimensions = array<i64: 1>}> : (tensor<2x3xf32>) -> tensor<2x3xf32>
  func.return %1 : tensor<2x3xf32>
}
