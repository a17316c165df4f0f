// rule concatenate_parts
func.func public @main(%arg0: tensor<2x0xf32>, %arg1: tensor<2x3xf32>, %arg2: tensor<2x0xf32>) -> (tensor<2x3xf32>) {
  %0 = "stablehlo.concatenate"(%arg0, %arg1, %arg2) <{dimension = 1 : i64}> : (tensor<2x0xf32>, tensor<2x3xf32>, tensor<2x0xf32>) -> tensor<2x3xf32>
  func.return %0 : tensor<2x3xf32>
}
// becomes
func.func public @main(%arg0: tensor<2x0xf32>, %arg1: tensor<2x3xf32>, %arg2: tensor<2x0xf32>) -> (tensor<2x3xf32>) {
  func.return %arg1 : tensor<2x3xf32>
}

// rule concatenate_parts
func.func public @main(%arg0: tensor<2x0xf32>, %arg1: tensor<2x3xf32>, %arg2: tensor<2x2xf32>) -> (tensor<2x5xf32>) {
  %0 = "stablehlo.concatenate"(%arg0, %arg1, %arg2) <{dimension = 1 : i64}> : (tensor<2x0xf32>, tensor<2x3xf32>, tensor<2x2xf32>) -> tensor<2x5xf32>
  func.return %0 : tensor<2x5xf32>
}
// becomes
func.func public @main(%arg0: tensor<2x0xf32>, %arg1: tensor<2x3xf32>, %arg2: tensor<2x2xf32>) -> (tensor<2x5xf32>) {
  %0 = "stablehlo.concatenate"(%arg1, %arg2) <{dimension = 1 : i64}> : (tensor<2x3xf32>, tensor<2x2xf32>) -> tensor<2x5xf32>
  func.return %0 : tensor<2x5xf32>
}

// rule concatenate_twice
func.func public @main(%arg0: tensor<2xf32>, %arg1: tensor<{n}xf32>, %arg2: tensor<3xf32>) -> (tensor<{5 + n}xf32>) {
  %0 = "stablehlo.concatenate"(%arg0, %arg1) <{dimension = 0 : i64}> : (tensor<2xf32>, tensor<{n}xf32>) -> tensor<{2 + n}xf32>
  %1 = "stablehlo.concatenate"(%0, %arg2) <{dimension = 0 : i64}> : (tensor<{2 + n}xf32>, tensor<3xf32>) -> tensor<{5 + n}xf32>
  func.return %1 : tensor<{5 + n}xf32>
}
// becomes
func.func public @main(%arg0: tensor<2xf32>, %arg1: tensor<{n}xf32>, %arg2: tensor<3xf32>) -> (tensor<{5 + n}xf32>) {
  %0 = "stablehlo.concatenate"(%arg0, %arg1, %arg2) <{dimension = 0 : i64}> : (tensor<2xf32>, tensor<{n}xf32>, tensor<3xf32>) -> tensor<{5 + n}xf32>
  func.return %0 : tensor<{5 + n}xf32>
}

// rule concatenate_twice does not apply
func.func public @main(%arg0: tensor<2xf32>, %arg1: tensor<{n}xf32>, %arg2: tensor<3xf32>) -> (tensor<{2 + n}xf32>, tensor<{5 + n}xf32>) {
  %0 = "stablehlo.concatenate"(%arg0, %arg1) <{dimension = 0 : i64}> : (tensor<2xf32>, tensor<{n}xf32>) -> tensor<{2 + n}xf32>
  %1 = "stablehlo.concatenate"(%0, %arg2) <{dimension = 0 : i64}> : (tensor<{2 + n}xf32>, tensor<3xf32>) -> tensor<{5 + n}xf32>
  func.return %0, %1 : tensor<{2 + n}xf32>, tensor<{5 + n}xf32>
}

// rule concatenate_twice does not apply
func.func public @main(%arg0: tensor<2x3xf32>, %arg1: tensor<2x3xf32>, %arg2: tensor<2x6xf32>) -> (tensor<4x6xf32>) {
  %0 = "stablehlo.concatenate"(%arg0, %arg1) <{dimension = 1 : i64}> : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x6xf32>
  %1 = "stablehlo.concatenate"(%0, %arg2) <{dimension = 0 : i64}> : (tensor<2x6xf32>, tensor<2x6xf32>) -> tensor<4x6xf32>
  func.return %1 : tensor<4x6xf32>
}

// rule concatenate_of_slices
func.func public @main(%arg0: tensor<9xf32>, %arg1: tensor<2xf32>) -> (tensor<9xf32>) {
  %0 = "stablehlo.slice"(%arg0) <{limit_indices = array<i64: 3>, start_indices = array<i64: 1>, strides = array<i64: 1>}> : (tensor<9xf32>) -> tensor<2xf32>
  %1 = "stablehlo.slice"(%arg0) <{limit_indices = array<i64: 8>, start_indices = array<i64: 3>, strides = array<i64: 1>}> : (tensor<9xf32>) -> tensor<5xf32>
  %2 = "stablehlo.concatenate"(%0, %1, %arg1) <{dimension = 0 : i64}> : (tensor<2xf32>, tensor<5xf32>, tensor<2xf32>) -> tensor<9xf32>
  func.return %2 : tensor<9xf32>
}
// becomes
func.func public @main(%arg0: tensor<9xf32>, %arg1: tensor<2xf32>) -> (tensor<9xf32>) {
  %0 = "stablehlo.slice"(%arg0) <{limit_indices = array<i64: 8>, start_indices = array<i64: 1>, strides = array<i64: 1>}> : (tensor<9xf32>) -> tensor<7xf32>
  %1 = "stablehlo.concatenate"(%0, %arg1) <{dimension = 0 : i64}> : (tensor<7xf32>, tensor<2xf32>) -> tensor<9xf32>
  func.return %1 : tensor<9xf32>
}

// rule concatenate_of_slices does not apply
func.func public @main(%arg0: tensor<9xf32>) -> (tensor<6xf32>) {
  %0 = "stablehlo.slice"(%arg0) <{limit_indices = array<i64: 3>, start_indices = array<i64: 1>, strides = array<i64: 1>}> : (tensor<9xf32>) -> tensor<2xf32>
  %1 = "stablehlo.slice"(%arg0) <{limit_indices = array<i64: 8>, start_indices = array<i64: 4>, strides = array<i64: 1>}> : (tensor<9xf32>) -> tensor<4xf32>
  %2 = "stablehlo.concatenate"(%0, %1) <{dimension = 0 : i64}> : (tensor<2xf32>, tensor<4xf32>) -> tensor<6xf32>
  func.return %2 : tensor<6xf32>
}

// rule concatenate_of_slices does not apply
func.func public @main(%arg0: tensor<9x2xf32>) -> (tensor<7x1xf32>) {
  %0 = "stablehlo.slice"(%arg0) <{limit_indices = array<i64: 3, 1>, start_indices = array<i64: 1, 0>, strides = array<i64: 1, 1>}> : (tensor<9x2xf32>) -> tensor<2x1xf32>
  %1 = "stablehlo.slice"(%arg0) <{limit_indices = array<i64: 8, 2>, start_indices = array<i64: 3, 1>, strides = array<i64: 1, 1>}> : (tensor<9x2xf32>) -> tensor<5x1xf32>
  %2 = "stablehlo.concatenate"(%0, %1) <{dimension = 0 : i64}> : (tensor<2x1xf32>, tensor<5x1xf32>) -> tensor<7x1xf32>
  func.return %2 : tensor<7x1xf32>
}

// rule concatenate_of_one_number
func.func public @main(%arg0: tensor<f32>, %arg1: tensor<{n}xf32>) -> (tensor<{2 + n}xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<{n}xf32>
  %1 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<2xf32>
  %2 = "stablehlo.concatenate"(%0, %1) <{dimension = 0 : i64}> : (tensor<{n}xf32>, tensor<2xf32>) -> tensor<{2 + n}xf32>
  func.return %2 : tensor<{2 + n}xf32>
}
// becomes
func.func public @main(%arg0: tensor<f32>, %arg1: tensor<{n}xf32>) -> (tensor<{2 + n}xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<{2 + n}xf32>
  func.return %0 : tensor<{2 + n}xf32>
}

// rule pad_nothing
func.func public @main(%arg0: tensor<{n}xf32>) -> (tensor<{n}xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.pad"(%arg0, %0) <{edge_padding_high = array<i64: 0>, edge_padding_low = array<i64: 0>, interior_padding = array<i64: 0>}> : (tensor<{n}xf32>, tensor<f32>) -> tensor<{n}xf32>
  func.return %1 : tensor<{n}xf32>
}
// becomes
func.func public @main(%arg0: tensor<{n}xf32>) -> (tensor<{n}xf32>) {
  func.return %arg0 : tensor<{n}xf32>
}

// rule pad_with_itself
func.func public @main(%arg0: tensor<f32>, %arg1: tensor<{n}xf32>) -> (tensor<{3 + max(-3 + 4*n, 0)}xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<{n}xf32>
  %1 = "stablehlo.pad"(%0, %arg0) <{edge_padding_high = array<i64: 2>, edge_padding_low = array<i64: 1>, interior_padding = array<i64: 3>}> : (tensor<{n}xf32>, tensor<f32>) -> tensor<{3 + max(-3 + 4*n, 0)}xf32>
  func.return %1 : tensor<{3 + max(-3 + 4*n, 0)}xf32>
}
// becomes
func.func public @main(%arg0: tensor<f32>, %arg1: tensor<{n}xf32>) -> (tensor<{3 + max(-3 + 4*n, 0)}xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<{3 + max(-3 + 4*n, 0)}xf32>
  func.return %0 : tensor<{3 + max(-3 + 4*n, 0)}xf32>
}

// rule pad_by_less_than_nothing
func.func public @main(%arg0: tensor<9x4xf32>) -> (tensor<6x4xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.pad"(%arg0, %0) <{edge_padding_high = array<i64: -2, 0>, edge_padding_low = array<i64: -1, 0>, interior_padding = array<i64: 0, 0>}> : (tensor<9x4xf32>, tensor<f32>) -> tensor<6x4xf32>
  func.return %1 : tensor<6x4xf32>
}
// becomes
func.func public @main(%arg0: tensor<9x4xf32>) -> (tensor<6x4xf32>) {
  %0 = "stablehlo.slice"(%arg0) <{limit_indices = array<i64: 7, 4>, start_indices = array<i64: 1, 0>, strides = array<i64: 1, 1>}> : (tensor<9x4xf32>) -> tensor<6x4xf32>
  func.return %0 : tensor<6x4xf32>
}

// rule pad_by_less_than_nothing does not apply
func.func public @main(%arg0: tensor<9x4xf32>) -> (tensor<10x4xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.pad"(%arg0, %0) <{edge_padding_high = array<i64: 2, 0>, edge_padding_low = array<i64: -1, 0>, interior_padding = array<i64: 0, 0>}> : (tensor<9x4xf32>, tensor<f32>) -> tensor<10x4xf32>
  func.return %1 : tensor<10x4xf32>
}

// rule pad_twice
func.func public @main(%arg0: tensor<{n}xf32>) -> (tensor<{6 + n}xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<1.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.pad"(%arg0, %0) <{edge_padding_high = array<i64: 2>, edge_padding_low = array<i64: 1>, interior_padding = array<i64: 0>}> : (tensor<{n}xf32>, tensor<f32>) -> tensor<{3 + n}xf32>
  %2 = "stablehlo.pad"(%1, %0) <{edge_padding_high = array<i64: 0>, edge_padding_low = array<i64: 3>, interior_padding = array<i64: 0>}> : (tensor<{3 + n}xf32>, tensor<f32>) -> tensor<{6 + n}xf32>
  func.return %2 : tensor<{6 + n}xf32>
}
// becomes
func.func public @main(%arg0: tensor<{n}xf32>) -> (tensor<{6 + n}xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<1.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.pad"(%arg0, %0) <{edge_padding_high = array<i64: 2>, edge_padding_low = array<i64: 4>, interior_padding = array<i64: 0>}> : (tensor<{n}xf32>, tensor<f32>) -> tensor<{6 + n}xf32>
  func.return %1 : tensor<{6 + n}xf32>
}

// rule pad_twice does not apply
func.func public @main(%arg0: tensor<{n}xf32>) -> (tensor<{6 + n}xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<1.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.pad"(%arg0, %0) <{edge_padding_high = array<i64: 2>, edge_padding_low = array<i64: 1>, interior_padding = array<i64: 0>}> : (tensor<{n}xf32>, tensor<f32>) -> tensor<{3 + n}xf32>
  %2 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %3 = "stablehlo.pad"(%1, %2) <{edge_padding_high = array<i64: 0>, edge_padding_low = array<i64: 3>, interior_padding = array<i64: 0>}> : (tensor<{3 + n}xf32>, tensor<f32>) -> tensor<{6 + n}xf32>
  func.return %3 : tensor<{6 + n}xf32>
}

// rule pad_twice does not apply
func.func public @main(%arg0: tensor<9xf32>) -> (tensor<13xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.pad"(%arg0, %0) <{edge_padding_high = array<i64: 2>, edge_padding_low = array<i64: -1>, interior_padding = array<i64: 0>}> : (tensor<9xf32>, tensor<f32>) -> tensor<10xf32>
  %2 = "stablehlo.pad"(%1, %0) <{edge_padding_high = array<i64: 0>, edge_padding_low = array<i64: 3>, interior_padding = array<i64: 0>}> : (tensor<10xf32>, tensor<f32>) -> tensor<13xf32>
  func.return %2 : tensor<13xf32>
}

// rule convolution_of_pad
func.func public @main(%arg0: tensor<{n}x5x5x2xi32>, %arg1: tensor<3x3x2x4xi32>) -> (tensor<{n}x5x6x4xi32>) {
  %0 = "stablehlo.constant"() <{value = dense<0> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.pad"(%arg0, %0) <{edge_padding_high = array<i64: 0, 1, 0, 0>, edge_padding_low = array<i64: 0, 1, 2, 0>, interior_padding = array<i64: 0, 0, 0, 0>}> : (tensor<{n}x5x5x2xi32>, tensor<i32>) -> tensor<{n}x7x7x2xi32>
  %2 = "stablehlo.convolution"(%1, %arg1) <{batch_group_count = 1 : i64, dimension_numbers = #stablehlo.conv<[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]>, feature_group_count = 1 : i64, lhs_dilation = array<i64: 1, 1>, padding = dense<[[0, 0], [1, 0]]> : tensor<2x2xi64>, rhs_dilation = array<i64: 1, 1>, window_strides = array<i64: 1, 1>}> : (tensor<{n}x7x7x2xi32>, tensor<3x3x2x4xi32>) -> tensor<{n}x5x6x4xi32>
  func.return %2 : tensor<{n}x5x6x4xi32>
}
// becomes
func.func public @main(%arg0: tensor<{n}x5x5x2xi32>, %arg1: tensor<3x3x2x4xi32>) -> (tensor<{n}x5x6x4xi32>) {
  %0 = "stablehlo.convolution"(%arg0, %arg1) <{batch_group_count = 1 : i64, dimension_numbers = #stablehlo.conv<[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]>, feature_group_count = 1 : i64, lhs_dilation = array<i64: 1, 1>, padding = dense<[[1, 1], [3, 0]]> : tensor<2x2xi64>, rhs_dilation = array<i64: 1, 1>, window_strides = array<i64: 1, 1>}> : (tensor<{n}x5x5x2xi32>, tensor<3x3x2x4xi32>) -> tensor<{n}x5x6x4xi32>
  func.return %0 : tensor<{n}x5x6x4xi32>
}

// rule convolution_of_pad does not apply
func.func public @main(%arg0: tensor<1x5x5x2xi32>, %arg1: tensor<3x3x2x4xi32>) -> (tensor<1x5x6x4xi32>) {
  %0 = "stablehlo.constant"() <{value = dense<1> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.pad"(%arg0, %0) <{edge_padding_high = array<i64: 0, 1, 0, 0>, edge_padding_low = array<i64: 0, 1, 2, 0>, interior_padding = array<i64: 0, 0, 0, 0>}> : (tensor<1x5x5x2xi32>, tensor<i32>) -> tensor<1x7x7x2xi32>
  %2 = "stablehlo.convolution"(%1, %arg1) <{batch_group_count = 1 : i64, dimension_numbers = #stablehlo.conv<[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]>, feature_group_count = 1 : i64, lhs_dilation = array<i64: 1, 1>, padding = dense<[[0, 0], [1, 0]]> : tensor<2x2xi64>, rhs_dilation = array<i64: 1, 1>, window_strides = array<i64: 1, 1>}> : (tensor<1x7x7x2xi32>, tensor<3x3x2x4xi32>) -> tensor<1x5x6x4xi32>
  func.return %2 : tensor<1x5x6x4xi32>
}

// rule convolution_of_pad does not apply
func.func public @main(%arg0: tensor<1x5x5x1xi32>, %arg1: tensor<3x3x2x4xi32>) -> (tensor<1x5x6x4xi32>) {
  %0 = "stablehlo.constant"() <{value = dense<0> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.pad"(%arg0, %0) <{edge_padding_high = array<i64: 0, 1, 0, 1>, edge_padding_low = array<i64: 0, 1, 2, 0>, interior_padding = array<i64: 0, 0, 0, 0>}> : (tensor<1x5x5x1xi32>, tensor<i32>) -> tensor<1x7x7x2xi32>
  %2 = "stablehlo.convolution"(%1, %arg1) <{batch_group_count = 1 : i64, dimension_numbers = #stablehlo.conv<[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]>, feature_group_count = 1 : i64, lhs_dilation = array<i64: 1, 1>, padding = dense<[[0, 0], [1, 0]]> : tensor<2x2xi64>, rhs_dilation = array<i64: 1, 1>, window_strides = array<i64: 1, 1>}> : (tensor<1x7x7x2xi32>, tensor<3x3x2x4xi32>) -> tensor<1x5x6x4xi32>
  func.return %2 : tensor<1x5x6x4xi32>
}
