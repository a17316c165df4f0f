// rule slice_all
func.func public @main(%arg0: tensor<{n}x2xf32>) -> (tensor<{n}x2xf32>) {
  %0 = "stablehlo.slice"(%arg0) <{limit_indices = array<i64: {n}, 2>, start_indices = array<i64: 0, 0>, strides = array<i64: 1, 1>}> : (tensor<{n}x2xf32>) -> tensor<{n}x2xf32>
  func.return %0 : tensor<{n}x2xf32>
}
// becomes
func.func public @main(%arg0: tensor<{n}x2xf32>) -> (tensor<{n}x2xf32>) {
  func.return %arg0 : tensor<{n}x2xf32>
}

// rule slice_all does not apply
func.func public @main(%arg0: tensor<4xf32>) -> (tensor<3xf32>) {
  %0 = "stablehlo.slice"(%arg0) <{limit_indices = array<i64: 3>, start_indices = array<i64: 0>, strides = array<i64: 1>}> : (tensor<4xf32>) -> tensor<3xf32>
  func.return %0 : tensor<3xf32>
}

// rule slice_twice
func.func public @main(%arg0: tensor<20xf32>) -> (tensor<2xf32>) {
  %0 = "stablehlo.slice"(%arg0) <{limit_indices = array<i64: 18>, start_indices = array<i64: 3>, strides = array<i64: 2>}> : (tensor<20xf32>) -> tensor<8xf32>
  %1 = "stablehlo.slice"(%0) <{limit_indices = array<i64: 7>, start_indices = array<i64: 1>, strides = array<i64: 3>}> : (tensor<8xf32>) -> tensor<2xf32>
  func.return %1 : tensor<2xf32>
}
// becomes
func.func public @main(%arg0: tensor<20xf32>) -> (tensor<2xf32>) {
  %0 = "stablehlo.slice"(%arg0) <{limit_indices = array<i64: 16>, start_indices = array<i64: 5>, strides = array<i64: 6>}> : (tensor<20xf32>) -> tensor<2xf32>
  func.return %0 : tensor<2xf32>
}

// rule slice_twice
func.func public @main(%arg0: tensor<{n}xf32>) -> (tensor<{-2 + n}xf32>) {
  %0 = "stablehlo.slice"(%arg0) <{limit_indices = array<i64: {n}>, start_indices = array<i64: 1>, strides = array<i64: 1>}> : (tensor<{n}xf32>) -> tensor<{-1 + n}xf32>
  %1 = "stablehlo.slice"(%0) <{limit_indices = array<i64: {-1 + n}>, start_indices = array<i64: 1>, strides = array<i64: 1>}> : (tensor<{-1 + n}xf32>) -> tensor<{-2 + n}xf32>
  func.return %1 : tensor<{-2 + n}xf32>
}
// becomes
func.func public @main(%arg0: tensor<{n}xf32>) -> (tensor<{-2 + n}xf32>) {
  %0 = "stablehlo.slice"(%arg0) <{limit_indices = array<i64: {n}>, start_indices = array<i64: 2>, strides = array<i64: 1>}> : (tensor<{n}xf32>) -> tensor<{-2 + n}xf32>
  func.return %0 : tensor<{-2 + n}xf32>
}

// rule slice_of_concatenate
func.func public @main(%arg0: tensor<3x2xf32>, %arg1: tensor<3x4xf32>, %arg2: tensor<3x2xf32>) -> (tensor<2x3xf32>) {
  %0 = "stablehlo.concatenate"(%arg0, %arg1, %arg2) <{dimension = 1 : i64}> : (tensor<3x2xf32>, tensor<3x4xf32>, tensor<3x2xf32>) -> tensor<3x8xf32>
  %1 = "stablehlo.slice"(%0) <{limit_indices = array<i64: 3, 6>, start_indices = array<i64: 1, 3>, strides = array<i64: 1, 1>}> : (tensor<3x8xf32>) -> tensor<2x3xf32>
  func.return %1 : tensor<2x3xf32>
}
// becomes
func.func public @main(%arg0: tensor<3x2xf32>, %arg1: tensor<3x4xf32>, %arg2: tensor<3x2xf32>) -> (tensor<2x3xf32>) {
  %0 = "stablehlo.slice"(%arg1) <{limit_indices = array<i64: 3, 4>, start_indices = array<i64: 1, 1>, strides = array<i64: 1, 1>}> : (tensor<3x4xf32>) -> tensor<2x3xf32>
  func.return %0 : tensor<2x3xf32>
}

// rule slice_of_concatenate
func.func public @main(%arg0: tensor<{n}xf32>, %arg1: tensor<{n}xf32>) -> (tensor<{n}xf32>) {
  %0 = "stablehlo.concatenate"(%arg0, %arg1) <{dimension = 0 : i64}> : (tensor<{n}xf32>, tensor<{n}xf32>) -> tensor<{2*n}xf32>
  %1 = "stablehlo.slice"(%0) <{limit_indices = array<i64: {2*n}>, start_indices = array<i64: {n}>, strides = array<i64: 1>}> : (tensor<{2*n}xf32>) -> tensor<{n}xf32>
  func.return %1 : tensor<{n}xf32>
}
// becomes
func.func public @main(%arg0: tensor<{n}xf32>, %arg1: tensor<{n}xf32>) -> (tensor<{n}xf32>) {
  %0 = "stablehlo.slice"(%arg1) <{limit_indices = array<i64: {n}>, start_indices = array<i64: 0>, strides = array<i64: 1>}> : (tensor<{n}xf32>) -> tensor<{n}xf32>
  func.return %0 : tensor<{n}xf32>
}

// rule slice_of_concatenate does not apply
func.func public @main(%arg0: tensor<4xf32>, %arg1: tensor<4xf32>) -> (tensor<2xf32>) {
  %0 = "stablehlo.concatenate"(%arg0, %arg1) <{dimension = 0 : i64}> : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  %1 = "stablehlo.slice"(%0) <{limit_indices = array<i64: 5>, start_indices = array<i64: 3>, strides = array<i64: 1>}> : (tensor<8xf32>) -> tensor<2xf32>
  func.return %1 : tensor<2xf32>
}

// rule slice_of_broadcast
func.func public @main(%arg0: tensor<3xf32>, %arg1: tensor<{n}xf32>) -> (tensor<1x3xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64: 1>}> : (tensor<3xf32>) -> tensor<{n}x3xf32>
  %1 = "stablehlo.slice"(%0) <{limit_indices = array<i64: 1, 3>, start_indices = array<i64: 0, 0>, strides = array<i64: 1, 1>}> : (tensor<{n}x3xf32>) -> tensor<1x3xf32>
  func.return %1 : tensor<1x3xf32>
}
// becomes
func.func public @main(%arg0: tensor<3xf32>, %arg1: tensor<{n}xf32>) -> (tensor<1x3xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64: 1>}> : (tensor<3xf32>) -> tensor<1x3xf32>
  func.return %0 : tensor<1x3xf32>
}

// rule slice_of_broadcast does not apply
func.func public @main(%arg0: tensor<3xf32>) -> (tensor<2x2xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64: 1>}> : (tensor<3xf32>) -> tensor<2x3xf32>
  %1 = "stablehlo.slice"(%0) <{limit_indices = array<i64: 2, 2>, start_indices = array<i64: 0, 0>, strides = array<i64: 1, 1>}> : (tensor<2x3xf32>) -> tensor<2x2xf32>
  func.return %1 : tensor<2x2xf32>
}

// rule dynamic_slice_known
func.func public @main(%arg0: tensor<5x4xf32>) -> (tensor<2x3xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<9> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.constant"() <{value = dense<-1> : tensor<i32>}> : () -> tensor<i32>
  %2 = "stablehlo.dynamic_slice"(%arg0, %0, %1) <{slice_sizes = array<i64: 2, 3>}> : (tensor<5x4xf32>, tensor<i32>, tensor<i32>) -> tensor<2x3xf32>
  func.return %2 : tensor<2x3xf32>
}
// becomes
func.func public @main(%arg0: tensor<5x4xf32>) -> (tensor<2x3xf32>) {
  %0 = "stablehlo.slice"(%arg0) <{limit_indices = array<i64: 5, 3>, start_indices = array<i64: 3, 0>, strides = array<i64: 1, 1>}> : (tensor<5x4xf32>) -> tensor<2x3xf32>
  func.return %0 : tensor<2x3xf32>
}

// rule dynamic_slice_known
func.func public @main(%arg0: tensor<{n}x4xf32>, %arg1: tensor<i32>) -> (tensor<{n}x2xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<1> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.dynamic_slice"(%arg0, %arg1, %0) <{slice_sizes = array<i64: {n}, 2>}> : (tensor<{n}x4xf32>, tensor<i32>, tensor<i32>) -> tensor<{n}x2xf32>
  func.return %1 : tensor<{n}x2xf32>
}
// becomes
func.func public @main(%arg0: tensor<{n}x4xf32>, %arg1: tensor<i32>) -> (tensor<{n}x2xf32>) {
  %0 = "stablehlo.slice"(%arg0) <{limit_indices = array<i64: {n}, 3>, start_indices = array<i64: 0, 1>, strides = array<i64: 1, 1>}> : (tensor<{n}x4xf32>) -> tensor<{n}x2xf32>
  func.return %0 : tensor<{n}x2xf32>
}

// rule dynamic_slice_known does not apply
func.func public @main(%arg0: tensor<5xf32>, %arg1: tensor<i32>) -> (tensor<2xf32>) {
  %0 = "stablehlo.dynamic_slice"(%arg0, %arg1) <{slice_sizes = array<i64: 2>}> : (tensor<5xf32>, tensor<i32>) -> tensor<2xf32>
  func.return %0 : tensor<2xf32>
}

// rule dynamic_slice_known does not apply
func.func public @main(%arg0: tensor<{n}xf32>) -> (tensor<1xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<1> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.dynamic_slice"(%arg0, %0) <{slice_sizes = array<i64: 1>}> : (tensor<{n}xf32>, tensor<i32>) -> tensor<1xf32>
  func.return %1 : tensor<1xf32>
}

// rule update_all
func.func public @main(%arg0: tensor<{n}xf32>, %arg1: tensor<{n}xf32>, %arg2: tensor<i32>) -> (tensor<{n}xf32>) {
  %0 = "stablehlo.dynamic_update_slice"(%arg0, %arg1, %arg2) : (tensor<{n}xf32>, tensor<{n}xf32>, tensor<i32>) -> tensor<{n}xf32>
  func.return %0 : tensor<{n}xf32>
}
// becomes
func.func public @main(%arg0: tensor<{n}xf32>, %arg1: tensor<{n}xf32>, %arg2: tensor<i32>) -> (tensor<{n}xf32>) {
  func.return %arg1 : tensor<{n}xf32>
}

// rule gather_of_range
func.func public @main(%arg0: tensor<2x6x3xf32>) -> (tensor<2x3x1x3xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<[[2], [3], [4]]> : tensor<3x1xi32>}> : () -> tensor<3x1xi32>
  %1 = "stablehlo.gather"(%arg0, %0) <{dimension_numbers = #stablehlo.gather<offset_dims = [0, 3], collapsed_slice_dims = [1], start_index_map = [1], index_vector_dim = 2>, indices_are_sorted = false, slice_sizes = array<i64: 2, 1, 3>}> : (tensor<2x6x3xf32>, tensor<3x1xi32>) -> tensor<2x3x1x3xf32>
  func.return %1 : tensor<2x3x1x3xf32>
}
// becomes
func.func public @main(%arg0: tensor<2x6x3xf32>) -> (tensor<2x3x1x3xf32>) {
  %0 = "stablehlo.slice"(%arg0) <{limit_indices = array<i64: 2, 5, 3>, start_indices = array<i64: 0, 2, 0>, strides = array<i64: 1, 1, 1>}> : (tensor<2x6x3xf32>) -> tensor<2x3x3xf32>
  %1 = "stablehlo.reshape"(%0) : (tensor<2x3x3xf32>) -> tensor<2x3x1x3xf32>
  func.return %1 : tensor<2x3x1x3xf32>
}

// rule gather_of_range
func.func public @main(%arg0: tensor<{n}x6xf32>) -> (tensor<{n}xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<5> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.gather"(%arg0, %0) <{dimension_numbers = #stablehlo.gather<offset_dims = [0], collapsed_slice_dims = [1], start_index_map = [1], index_vector_dim = 0>, indices_are_sorted = false, slice_sizes = array<i64: {n}, 1>}> : (tensor<{n}x6xf32>, tensor<i32>) -> tensor<{n}xf32>
  func.return %1 : tensor<{n}xf32>
}
// becomes
func.func public @main(%arg0: tensor<{n}x6xf32>) -> (tensor<{n}xf32>) {
  %0 = "stablehlo.slice"(%arg0) <{limit_indices = array<i64: {n}, 6>, start_indices = array<i64: 0, 5>, strides = array<i64: 1, 1>}> : (tensor<{n}x6xf32>) -> tensor<{n}x1xf32>
  %1 = "stablehlo.reshape"(%0) : (tensor<{n}x1xf32>) -> tensor<{n}xf32>
  func.return %1 : tensor<{n}xf32>
}

// rule gather_of_range does not apply
func.func public @main(%arg0: tensor<6xf32>) -> (tensor<2xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<[2, 4]> : tensor<2xi32>}> : () -> tensor<2xi32>
  %1 = "stablehlo.gather"(%arg0, %0) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, indices_are_sorted = false, slice_sizes = array<i64: 1>}> : (tensor<6xf32>, tensor<2xi32>) -> tensor<2xf32>
  func.return %1 : tensor<2xf32>
}

// rule gather_of_range does not apply
func.func public @main(%arg0: tensor<6xf32>) -> (tensor<2xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<[5, 6]> : tensor<2xi32>}> : () -> tensor<2xi32>
  %1 = "stablehlo.gather"(%arg0, %0) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, indices_are_sorted = false, slice_sizes = array<i64: 1>}> : (tensor<6xf32>, tensor<2xi32>) -> tensor<2xf32>
  func.return %1 : tensor<2xf32>
}

// rule gather_of_range does not apply
func.func public @main(%arg0: tensor<{n}xf32>) -> (tensor<2xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<[0, 1]> : tensor<2xi32>}> : () -> tensor<2xi32>
  %1 = "stablehlo.gather"(%arg0, %0) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, indices_are_sorted = false, slice_sizes = array<i64: 1>}> : (tensor<{n}xf32>, tensor<2xi32>) -> tensor<2xf32>
  func.return %1 : tensor<2xf32>
}

// rule gather_of_range does not apply
func.func public @main(%arg0: tensor<6xf32>, %arg1: tensor<{n}xf32>) -> (tensor<{n}x0xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<0> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i32>) -> tensor<{n}x0xi32>
  %2 = "stablehlo.gather"(%arg0, %1) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 2>, indices_are_sorted = false, slice_sizes = array<i64: 1>}> : (tensor<6xf32>, tensor<{n}x0xi32>) -> tensor<{n}x0xf32>
  func.return %2 : tensor<{n}x0xf32>
}
