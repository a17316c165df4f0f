// rule reduce_of_nothing
func.func public @main(%arg0: tensor<3x0xf32>) -> (tensor<3xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.reduce"(%arg0, %0) <{dimensions = array<i64: 1>}> ({
  ^bb0(%arg1: tensor<f32>, %arg2: tensor<f32>):
    %2 = "stablehlo.add"(%arg1, %arg2) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    "stablehlo.return"(%2) : (tensor<f32>) -> ()
  }) : (tensor<3x0xf32>, tensor<f32>) -> tensor<3xf32>
  func.return %1 : tensor<3xf32>
}
// becomes
func.func public @main(%arg0: tensor<3x0xf32>) -> (tensor<3xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<3xf32>
  func.return %1 : tensor<3xf32>
}

// rule reduce_of_ones
func.func public @main(%arg0: tensor<{n}x1xf32>) -> (tensor<{n}xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.reduce"(%arg0, %0) <{dimensions = array<i64: 1>}> ({
  ^bb0(%arg1: tensor<f32>, %arg2: tensor<f32>):
    %2 = "stablehlo.add"(%arg1, %arg2) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    "stablehlo.return"(%2) : (tensor<f32>) -> ()
  }) : (tensor<{n}x1xf32>, tensor<f32>) -> tensor<{n}xf32>
  func.return %1 : tensor<{n}xf32>
}
// becomes
func.func public @main(%arg0: tensor<{n}x1xf32>) -> (tensor<{n}xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<{n}xf32>
  %2 = "stablehlo.reshape"(%arg0) : (tensor<{n}x1xf32>) -> tensor<{n}xf32>
  %3 = "stablehlo.add"(%1, %2) : (tensor<{n}xf32>, tensor<{n}xf32>) -> tensor<{n}xf32>
  func.return %3 : tensor<{n}xf32>
}

// rule reduce_of_ones
func.func public @main(%arg0: tensor<1xf32>) -> (tensor<f32>) {
  %0 = "stablehlo.constant"() <{value = dense<0xFF800000> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.reduce"(%arg0, %0) <{dimensions = array<i64: 0>}> ({
  ^bb0(%arg1: tensor<f32>, %arg2: tensor<f32>):
    %2 = "stablehlo.maximum"(%arg1, %arg2) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    "stablehlo.return"(%2) : (tensor<f32>) -> ()
  }) : (tensor<1xf32>, tensor<f32>) -> tensor<f32>
  func.return %1 : tensor<f32>
}
// becomes
func.func public @main(%arg0: tensor<1xf32>) -> (tensor<f32>) {
  %0 = "stablehlo.constant"() <{value = dense<0xFF800000> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.reshape"(%arg0) : (tensor<1xf32>) -> tensor<f32>
  %2 = "stablehlo.maximum"(%0, %1) : (tensor<f32>, tensor<f32>) -> tensor<f32>
  func.return %2 : tensor<f32>
}

// rule reduce_of_ones does not apply
func.func public @main(%arg0: tensor<4x1xf32>) -> (tensor<f32>) {
  %0 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.reduce"(%arg0, %0) <{dimensions = array<i64: 0, 1>}> ({
  ^bb0(%arg1: tensor<f32>, %arg2: tensor<f32>):
    %2 = "stablehlo.add"(%arg1, %arg2) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    "stablehlo.return"(%2) : (tensor<f32>) -> ()
  }) : (tensor<4x1xf32>, tensor<f32>) -> tensor<f32>
  func.return %1 : tensor<f32>
}

// rule reduce_of_reshape
func.func public @main(%arg0: tensor<{n}x4xf32>) -> (tensor<4xf32>) {
  %0 = "stablehlo.reshape"(%arg0) : (tensor<{n}x4xf32>) -> tensor<{n}x1x4xf32>
  %1 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %2 = "stablehlo.reduce"(%0, %1) <{dimensions = array<i64: 0, 1>}> ({
  ^bb0(%arg1: tensor<f32>, %arg2: tensor<f32>):
    %3 = "stablehlo.add"(%arg1, %arg2) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    "stablehlo.return"(%3) : (tensor<f32>) -> ()
  }) : (tensor<{n}x1x4xf32>, tensor<f32>) -> tensor<4xf32>
  func.return %2 : tensor<4xf32>
}
// becomes
func.func public @main(%arg0: tensor<{n}x4xf32>) -> (tensor<4xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.reduce"(%arg0, %0) <{dimensions = array<i64: 0>}> ({
  ^bb0(%arg1: tensor<f32>, %arg2: tensor<f32>):
    %2 = "stablehlo.add"(%arg1, %arg2) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    "stablehlo.return"(%2) : (tensor<f32>) -> ()
  }) : (tensor<{n}x4xf32>, tensor<f32>) -> tensor<4xf32>
  func.return %1 : tensor<4xf32>
}

// rule reduce_of_reshape does not apply
func.func public @main(%arg0: tensor<6xf32>) -> (tensor<2xf32>) {
  %0 = "stablehlo.reshape"(%arg0) : (tensor<6xf32>) -> tensor<2x3xf32>
  %1 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %2 = "stablehlo.reduce"(%0, %1) <{dimensions = array<i64: 1>}> ({
  ^bb0(%arg1: tensor<f32>, %arg2: tensor<f32>):
    %3 = "stablehlo.add"(%arg1, %arg2) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    "stablehlo.return"(%3) : (tensor<f32>) -> ()
  }) : (tensor<2x3xf32>, tensor<f32>) -> tensor<2xf32>
  func.return %2 : tensor<2xf32>
}

// rule reduce_of_transpose
func.func public @main(%arg0: tensor<{n}x4xf32>) -> (tensor<{n}xf32>) {
  %0 = "stablehlo.transpose"(%arg0) <{permutation = array<i64: 1, 0>}> : (tensor<{n}x4xf32>) -> tensor<4x{n}xf32>
  %1 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %2 = "stablehlo.reduce"(%0, %1) <{dimensions = array<i64: 0>}> ({
  ^bb0(%arg1: tensor<f32>, %arg2: tensor<f32>):
    %3 = "stablehlo.add"(%arg1, %arg2) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    "stablehlo.return"(%3) : (tensor<f32>) -> ()
  }) : (tensor<4x{n}xf32>, tensor<f32>) -> tensor<{n}xf32>
  func.return %2 : tensor<{n}xf32>
}
// becomes
func.func public @main(%arg0: tensor<{n}x4xf32>) -> (tensor<{n}xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.reduce"(%arg0, %0) <{dimensions = array<i64: 1>}> ({
  ^bb0(%arg1: tensor<f32>, %arg2: tensor<f32>):
    %2 = "stablehlo.add"(%arg1, %arg2) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    "stablehlo.return"(%2) : (tensor<f32>) -> ()
  }) : (tensor<{n}x4xf32>, tensor<f32>) -> tensor<{n}xf32>
  func.return %1 : tensor<{n}xf32>
}

// rule reduce_of_transpose does not apply
func.func public @main(%arg0: tensor<2x3x4xf32>) -> (tensor<4x2xf32>) {
  %0 = "stablehlo.transpose"(%arg0) <{permutation = array<i64: 2, 1, 0>}> : (tensor<2x3x4xf32>) -> tensor<4x3x2xf32>
  %1 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %2 = "stablehlo.reduce"(%0, %1) <{dimensions = array<i64: 1>}> ({
  ^bb0(%arg1: tensor<f32>, %arg2: tensor<f32>):
    %3 = "stablehlo.add"(%arg1, %arg2) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    "stablehlo.return"(%3) : (tensor<f32>) -> ()
  }) : (tensor<4x3x2xf32>, tensor<f32>) -> tensor<4x2xf32>
  func.return %2 : tensor<4x2xf32>
}

// rule reduce_of_transpose does not apply
func.func public @main(%arg0: tensor<2x3x4xf32>) -> (tensor<4xf32>) {
  %0 = "stablehlo.transpose"(%arg0) <{permutation = array<i64: 1, 0, 2>}> : (tensor<2x3x4xf32>) -> tensor<3x2x4xf32>
  %1 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %2 = "stablehlo.reduce"(%0, %1) <{dimensions = array<i64: 0, 1>}> ({
  ^bb0(%arg1: tensor<f32>, %arg2: tensor<f32>):
    %3 = "stablehlo.add"(%arg1, %arg2) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    "stablehlo.return"(%3) : (tensor<f32>) -> ()
  }) : (tensor<3x2x4xf32>, tensor<f32>) -> tensor<4xf32>
  func.return %2 : tensor<4xf32>
}

// rule reduce_twice
func.func public @main(%arg0: tensor<{n}x3x4xf32>) -> (tensor<{n}xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<0xFF800000> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.reduce"(%arg0, %0) <{dimensions = array<i64: 1>}> ({
  ^bb0(%arg1: tensor<f32>, %arg2: tensor<f32>):
    %2 = "stablehlo.maximum"(%arg1, %arg2) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    "stablehlo.return"(%2) : (tensor<f32>) -> ()
  }) : (tensor<{n}x3x4xf32>, tensor<f32>) -> tensor<{n}x4xf32>
  %3 = "stablehlo.reduce"(%1, %0) <{dimensions = array<i64: 1>}> ({
  ^bb0(%arg3: tensor<f32>, %arg4: tensor<f32>):
    %4 = "stablehlo.maximum"(%arg3, %arg4) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    "stablehlo.return"(%4) : (tensor<f32>) -> ()
  }) : (tensor<{n}x4xf32>, tensor<f32>) -> tensor<{n}xf32>
  func.return %3 : tensor<{n}xf32>
}
// becomes
func.func public @main(%arg0: tensor<{n}x3x4xf32>) -> (tensor<{n}xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<0xFF800000> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.reduce"(%arg0, %0) <{dimensions = array<i64: 1, 2>}> ({
  ^bb0(%arg1: tensor<f32>, %arg2: tensor<f32>):
    %2 = "stablehlo.maximum"(%arg1, %arg2) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    "stablehlo.return"(%2) : (tensor<f32>) -> ()
  }) : (tensor<{n}x3x4xf32>, tensor<f32>) -> tensor<{n}xf32>
  func.return %1 : tensor<{n}xf32>
}

// rule reduce_twice
func.func public @main(%arg0: tensor<{n}x3x4xi32>) -> (tensor<i32>) {
  %0 = "stablehlo.constant"() <{value = dense<0> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.reduce"(%arg0, %0) <{dimensions = array<i64: 0>}> ({
  ^bb0(%arg1: tensor<i32>, %arg2: tensor<i32>):
    %2 = "stablehlo.add"(%arg1, %arg2) : (tensor<i32>, tensor<i32>) -> tensor<i32>
    "stablehlo.return"(%2) : (tensor<i32>) -> ()
  }) : (tensor<{n}x3x4xi32>, tensor<i32>) -> tensor<3x4xi32>
  %3 = "stablehlo.reduce"(%1, %0) <{dimensions = array<i64: 0, 1>}> ({
  ^bb0(%arg3: tensor<i32>, %arg4: tensor<i32>):
    %4 = "stablehlo.add"(%arg3, %arg4) : (tensor<i32>, tensor<i32>) -> tensor<i32>
    "stablehlo.return"(%4) : (tensor<i32>) -> ()
  }) : (tensor<3x4xi32>, tensor<i32>) -> tensor<i32>
  func.return %3 : tensor<i32>
}
// becomes
func.func public @main(%arg0: tensor<{n}x3x4xi32>) -> (tensor<i32>) {
  %0 = "stablehlo.constant"() <{value = dense<0> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.reduce"(%arg0, %0) <{dimensions = array<i64: 0, 1, 2>}> ({
  ^bb0(%arg1: tensor<i32>, %arg2: tensor<i32>):
    %2 = "stablehlo.add"(%arg1, %arg2) : (tensor<i32>, tensor<i32>) -> tensor<i32>
    "stablehlo.return"(%2) : (tensor<i32>) -> ()
  }) : (tensor<{n}x3x4xi32>, tensor<i32>) -> tensor<i32>
  func.return %1 : tensor<i32>
}

// rule reduce_twice does not apply
func.func public @main(%arg0: tensor<2x3x4xf32>) -> (tensor<2xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.reduce"(%arg0, %0) <{dimensions = array<i64: 1>}> ({
  ^bb0(%arg1: tensor<f32>, %arg2: tensor<f32>):
    %2 = "stablehlo.add"(%arg1, %arg2) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    "stablehlo.return"(%2) : (tensor<f32>) -> ()
  }) : (tensor<2x3x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %3 = "stablehlo.reduce"(%1, %0) <{dimensions = array<i64: 1>}> ({
  ^bb0(%arg3: tensor<f32>, %arg4: tensor<f32>):
    %4 = "stablehlo.add"(%arg3, %arg4) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    "stablehlo.return"(%4) : (tensor<f32>) -> ()
  }) : (tensor<2x4xf32>, tensor<f32>) -> tensor<2xf32>
  func.return %3 : tensor<2xf32>
}

// rule reduce_twice does not apply
func.func public @main(%arg0: tensor<2x3x4xf32>) -> (tensor<2xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<0x7F800000> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.reduce"(%arg0, %0) <{dimensions = array<i64: 1>}> ({
  ^bb0(%arg1: tensor<f32>, %arg2: tensor<f32>):
    %2 = "stablehlo.minimum"(%arg1, %arg2) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    "stablehlo.return"(%2) : (tensor<f32>) -> ()
  }) : (tensor<2x3x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %3 = "stablehlo.constant"() <{value = dense<0xFF800000> : tensor<f32>}> : () -> tensor<f32>
  %4 = "stablehlo.reduce"(%1, %3) <{dimensions = array<i64: 1>}> ({
  ^bb0(%arg3: tensor<f32>, %arg4: tensor<f32>):
    %5 = "stablehlo.maximum"(%arg3, %arg4) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    "stablehlo.return"(%5) : (tensor<f32>) -> ()
  }) : (tensor<2x4xf32>, tensor<f32>) -> tensor<2xf32>
  func.return %4 : tensor<2xf32>
}

// rule reduce_twice does not apply
func.func public @main(%arg0: tensor<2x3x4xi32>) -> (tensor<2x4xi32>, tensor<2xi32>) {
  %0 = "stablehlo.constant"() <{value = dense<0> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.reduce"(%arg0, %0) <{dimensions = array<i64: 1>}> ({
  ^bb0(%arg1: tensor<i32>, %arg2: tensor<i32>):
    %2 = "stablehlo.add"(%arg1, %arg2) : (tensor<i32>, tensor<i32>) -> tensor<i32>
    "stablehlo.return"(%2) : (tensor<i32>) -> ()
  }) : (tensor<2x3x4xi32>, tensor<i32>) -> tensor<2x4xi32>
  %3 = "stablehlo.reduce"(%1, %0) <{dimensions = array<i64: 1>}> ({
  ^bb0(%arg3: tensor<i32>, %arg4: tensor<i32>):
    %4 = "stablehlo.add"(%arg3, %arg4) : (tensor<i32>, tensor<i32>) -> tensor<i32>
    "stablehlo.return"(%4) : (tensor<i32>) -> ()
  }) : (tensor<2x4xi32>, tensor<i32>) -> tensor<2xi32>
  func.return %1, %3 : tensor<2x4xi32>, tensor<2xi32>
}

// rule reduce_of_broadcast
func.func public @main(%arg0: tensor<{n}xf32>) -> (tensor<{n}x2xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64: 1>}> : (tensor<{n}xf32>) -> tensor<5x{n}x2xf32>
  %1 = "stablehlo.constant"() <{value = dense<0xFF800000> : tensor<f32>}> : () -> tensor<f32>
  %2 = "stablehlo.reduce"(%0, %1) <{dimensions = array<i64: 0>}> ({
  ^bb0(%arg1: tensor<f32>, %arg2: tensor<f32>):
    %3 = "stablehlo.maximum"(%arg1, %arg2) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    "stablehlo.return"(%3) : (tensor<f32>) -> ()
  }) : (tensor<5x{n}x2xf32>, tensor<f32>) -> tensor<{n}x2xf32>
  func.return %2 : tensor<{n}x2xf32>
}
// becomes
func.func public @main(%arg0: tensor<{n}xf32>) -> (tensor<{n}x2xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64: 0>}> : (tensor<{n}xf32>) -> tensor<{n}x2xf32>
  func.return %0 : tensor<{n}x2xf32>
}

// rule reduce_of_broadcast
func.func public @main(%arg0: tensor<1x6xui8>) -> (tensor<6xui8>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64: 0, 1>}> : (tensor<1x6xui8>) -> tensor<5x6x2xui8>
  %1 = "stablehlo.constant"() <{value = dense<0> : tensor<ui8>}> : () -> tensor<ui8>
  %2 = "stablehlo.reduce"(%0, %1) <{dimensions = array<i64: 0, 2>}> ({
  ^bb0(%arg1: tensor<ui8>, %arg2: tensor<ui8>):
    %3 = "stablehlo.add"(%arg1, %arg2) : (tensor<ui8>, tensor<ui8>) -> tensor<ui8>
    "stablehlo.return"(%3) : (tensor<ui8>) -> ()
  }) : (tensor<5x6x2xui8>, tensor<ui8>) -> tensor<6xui8>
  func.return %2 : tensor<6xui8>
}
// becomes
func.func public @main(%arg0: tensor<1x6xui8>) -> (tensor<6xui8>) {
  %0 = "stablehlo.reshape"(%arg0) : (tensor<1x6xui8>) -> tensor<6xui8>
  %1 = "stablehlo.constant"() <{value = dense<10> : tensor<ui8>}> : () -> tensor<ui8>
  %2 = "stablehlo.broadcast_in_dim"(%1) <{broadcast_dimensions = array<i64>}> : (tensor<ui8>) -> tensor<6xui8>
  %3 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64: 0>}> : (tensor<6xui8>) -> tensor<6xui8>
  %4 = "stablehlo.multiply"(%3, %2) : (tensor<6xui8>, tensor<6xui8>) -> tensor<6xui8>
  func.return %4 : tensor<6xui8>
}

// rule reduce_of_broadcast does not apply
func.func public @main(%arg0: tensor<6xf32>) -> (tensor<6xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64: 1>}> : (tensor<6xf32>) -> tensor<5x6xf32>
  %1 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %2 = "stablehlo.reduce"(%0, %1) <{dimensions = array<i64: 0>}> ({
  ^bb0(%arg1: tensor<f32>, %arg2: tensor<f32>):
    %3 = "stablehlo.add"(%arg1, %arg2) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    "stablehlo.return"(%3) : (tensor<f32>) -> ()
  }) : (tensor<5x6xf32>, tensor<f32>) -> tensor<6xf32>
  func.return %2 : tensor<6xf32>
}

// rule reduce_of_broadcast does not apply
func.func public @main(%arg0: tensor<6xf32>, %arg1: tensor<{n}xf32>) -> (tensor<6xf32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64: 1>}> : (tensor<6xf32>) -> tensor<{n}x6xf32>
  %1 = "stablehlo.constant"() <{value = dense<0xFF800000> : tensor<f32>}> : () -> tensor<f32>
  %2 = "stablehlo.reduce"(%0, %1) <{dimensions = array<i64: 0>}> ({
  ^bb0(%arg2: tensor<f32>, %arg3: tensor<f32>):
    %3 = "stablehlo.maximum"(%arg2, %arg3) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    "stablehlo.return"(%3) : (tensor<f32>) -> ()
  }) : (tensor<{n}x6xf32>, tensor<f32>) -> tensor<6xf32>
  func.return %2 : tensor<6xf32>
}

// rule reduce_of_broadcast does not apply
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<5xi32>) {
  %0 = "stablehlo.broadcast_in_dim"(%arg0) <{broadcast_dimensions = array<i64: 1>}> : (tensor<6xi32>) -> tensor<5x6xi32>
  %1 = "stablehlo.constant"() <{value = dense<0> : tensor<i32>}> : () -> tensor<i32>
  %2 = "stablehlo.reduce"(%0, %1) <{dimensions = array<i64: 1>}> ({
  ^bb0(%arg1: tensor<i32>, %arg2: tensor<i32>):
    %3 = "stablehlo.add"(%arg1, %arg2) : (tensor<i32>, tensor<i32>) -> tensor<i32>
    "stablehlo.return"(%3) : (tensor<i32>) -> ()
  }) : (tensor<5x6xi32>, tensor<i32>) -> tensor<5xi32>
  func.return %2 : tensor<5xi32>
}
