// rule dot_of_transposed_lhs
func.func public @main(%arg0: tensor<{n}x3xi32>, %arg1: tensor<{n}x4xi32>) -> (tensor<3x4xi32>) {
  %0 = "stablehlo.transpose"(%arg0) <{permutation = array<i64: 1, 0>}> : (tensor<{n}x3xi32>) -> tensor<3x{n}xi32>
  %1 = "stablehlo.dot_general"(%0, %arg1) <{dot_dimension_numbers = #stablehlo.dot<lhs_contracting_dimensions = [1], rhs_contracting_dimensions = [0]>}> : (tensor<3x{n}xi32>, tensor<{n}x4xi32>) -> tensor<3x4xi32>
  func.return %1 : tensor<3x4xi32>
}
// becomes
func.func public @main(%arg0: tensor<{n}x3xi32>, %arg1: tensor<{n}x4xi32>) -> (tensor<3x4xi32>) {
  %0 = "stablehlo.dot_general"(%arg0, %arg1) <{dot_dimension_numbers = #stablehlo.dot<lhs_contracting_dimensions = [0], rhs_contracting_dimensions = [0]>}> : (tensor<{n}x3xi32>, tensor<{n}x4xi32>) -> tensor<3x4xi32>
  func.return %0 : tensor<3x4xi32>
}

// rule dot_of_transposed_lhs does not apply
func.func public @main(%arg0: tensor<2x3x4xi32>, %arg1: tensor<4x5xi32>) -> (tensor<3x2x5xi32>) {
  %0 = "stablehlo.transpose"(%arg0) <{permutation = array<i64: 1, 0, 2>}> : (tensor<2x3x4xi32>) -> tensor<3x2x4xi32>
  %1 = "stablehlo.dot_general"(%0, %arg1) <{dot_dimension_numbers = #stablehlo.dot<lhs_contracting_dimensions = [2], rhs_contracting_dimensions = [0]>}> : (tensor<3x2x4xi32>, tensor<4x5xi32>) -> tensor<3x2x5xi32>
  func.return %1 : tensor<3x2x5xi32>
}

// rule dot_of_transposed_rhs
func.func public @main(%arg0: tensor<2x3x4xi32>, %arg1: tensor<2x5x4xi32>) -> (tensor<2x3x5xi32>) {
  %0 = "stablehlo.transpose"(%arg1) <{permutation = array<i64: 0, 2, 1>}> : (tensor<2x5x4xi32>) -> tensor<2x4x5xi32>
  %1 = "stablehlo.dot_general"(%arg0, %0) <{dot_dimension_numbers = #stablehlo.dot<lhs_batching_dimensions = [0], rhs_batching_dimensions = [0], lhs_contracting_dimensions = [2], rhs_contracting_dimensions = [1]>}> : (tensor<2x3x4xi32>, tensor<2x4x5xi32>) -> tensor<2x3x5xi32>
  func.return %1 : tensor<2x3x5xi32>
}
// becomes
func.func public @main(%arg0: tensor<2x3x4xi32>, %arg1: tensor<2x5x4xi32>) -> (tensor<2x3x5xi32>) {
  %0 = "stablehlo.dot_general"(%arg0, %arg1) <{dot_dimension_numbers = #stablehlo.dot<lhs_batching_dimensions = [0], rhs_batching_dimensions = [0], lhs_contracting_dimensions = [2], rhs_contracting_dimensions = [2]>}> : (tensor<2x3x4xi32>, tensor<2x5x4xi32>) -> tensor<2x3x5xi32>
  func.return %0 : tensor<2x3x5xi32>
}

// rule transpose_of_dot
func.func public @main(%arg0: tensor<{n}x3xi32>, %arg1: tensor<3x4xi32>) -> (tensor<4x{n}xi32>) {
  %0 = "stablehlo.dot_general"(%arg0, %arg1) <{dot_dimension_numbers = #stablehlo.dot<lhs_contracting_dimensions = [1], rhs_contracting_dimensions = [0]>}> : (tensor<{n}x3xi32>, tensor<3x4xi32>) -> tensor<{n}x4xi32>
  %1 = "stablehlo.transpose"(%0) <{permutation = array<i64: 1, 0>}> : (tensor<{n}x4xi32>) -> tensor<4x{n}xi32>
  func.return %1 : tensor<4x{n}xi32>
}
// becomes
func.func public @main(%arg0: tensor<{n}x3xi32>, %arg1: tensor<3x4xi32>) -> (tensor<4x{n}xi32>) {
  %0 = "stablehlo.dot_general"(%arg1, %arg0) <{dot_dimension_numbers = #stablehlo.dot<lhs_contracting_dimensions = [0], rhs_contracting_dimensions = [1]>}> : (tensor<3x4xi32>, tensor<{n}x3xi32>) -> tensor<4x{n}xi32>
  func.return %0 : tensor<4x{n}xi32>
}

// rule transpose_of_dot does not apply
func.func public @main(%arg0: tensor<2x3xi32>, %arg1: tensor<3x4xi32>) -> (tensor<2x4xi32>, tensor<4x2xi32>) {
  %0 = "stablehlo.dot_general"(%arg0, %arg1) <{dot_dimension_numbers = #stablehlo.dot<lhs_contracting_dimensions = [1], rhs_contracting_dimensions = [0]>}> : (tensor<2x3xi32>, tensor<3x4xi32>) -> tensor<2x4xi32>
  %1 = "stablehlo.transpose"(%0) <{permutation = array<i64: 1, 0>}> : (tensor<2x4xi32>) -> tensor<4x2xi32>
  func.return %0, %1 : tensor<2x4xi32>, tensor<4x2xi32>
}
