module @step attributes {flowc.symbols = {n = "argument 0 axis 0", k = "argument 2 element 0"}, flowc.guards = ["n != 1"], flowc.messages = [["InvalidArgumentError", "y is not \"finite\"", "layer/Check"]]} {
  func.func public @main(%arg0: tensor<{n}x3xf32> {flowc.name = "x"}, %arg1: tensor<3x4xf32> {flowc.name = "w", tf.aliasing_output = 1 : i32}, %arg2: tensor<1xi32> {flowc.name = "count"}) -> (tensor<{1 + n}x{3 + floordiv(1 + n, 2) + n}xf32>, tensor<3x4xf32>, tensor<i32>, tensor<{k}xi64>) {
    %0 = "stablehlo.dot_general"(%arg0, %arg1) <{dot_dimension_numbers = #stablehlo.dot<lhs_contracting_dimensions = [1], rhs_contracting_dimensions = [0]>}> : (tensor<{n}x3xf32>, tensor<3x4xf32>) -> tensor<{n}x4xf32> loc("layer/MatMul")
    %1 = "stablehlo.tanh"(%0) : (tensor<{n}x4xf32>) -> tensor<{n}x4xf32> loc("layer/MatMul")
    %2 = "stablehlo.is_finite"(%1) : (tensor<{n}x4xf32>) -> tensor<{n}x4xi1> loc("layer/Check")
    %3 = "stablehlo.constant"() <{value = dense<true> : tensor<i1>}> : () -> tensor<i1> loc("layer/Check")
    %4 = "stablehlo.reduce"(%2, %3) <{dimensions = array<i64: 0, 1>}> ({
    ^bb0(%arg3: tensor<i1>, %arg4: tensor<i1>):
      %5 = "stablehlo.and"(%arg3, %arg4) : (tensor<i1>, tensor<i1>) -> tensor<i1> loc("layer/Check")
      "stablehlo.return"(%5) : (tensor<i1>) -> ()
    }) : (tensor<{n}x4xi1>, tensor<i1>) -> tensor<i1> loc("layer/Check")
    "flowc.check"(%4) <{code = 1 : i64}> : (tensor<i1>) -> () loc("layer/Check")
    %6 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32> loc("layer/Pad")
    %7 = "stablehlo.pad"(%1, %6) <{edge_padding_high = array<i64: 1, {floordiv(1 + n, 2)}>, edge_padding_low = array<i64: 0, {-1 + n}>, interior_padding = array<i64: 0, 0>}> : (tensor<{n}x4xf32>, tensor<f32>) -> tensor<{1 + n}x{3 + floordiv(1 + n, 2) + n}xf32> loc("layer/Pad")
    %8 = "stablehlo.constant"() <{value = dense<0> : tensor<i32>}> : () -> tensor<i32> loc("loop")
    %9 = "stablehlo.constant"() <{value = dense<0.1> : tensor<f32>}> : () -> tensor<f32> loc("loop")
    %10:2 = "stablehlo.while"(%8, %9) ({
    ^bb0(%arg5: tensor<i32>, %arg6: tensor<f32>):
      %11 = "stablehlo.reshape"(%arg2) : (tensor<1xi32>) -> tensor<i32> loc("loop")
      %12 = "stablehlo.compare"(%arg5, %11) <{comparison_direction = #stablehlo<comparison_direction LT>}> : (tensor<i32>, tensor<i32>) -> tensor<i1> loc("loop")
      "stablehlo.return"(%12) : (tensor<i1>) -> ()
    }, {
    ^bb0(%arg7: tensor<i32>, %arg8: tensor<f32>):
      %13 = "stablehlo.constant"() <{value = dense<1> : tensor<i32>}> : () -> tensor<i32> loc("loop")
      %14 = "stablehlo.add"(%arg7, %13) : (tensor<i32>, tensor<i32>) -> tensor<i32> loc("loop")
      %15 = "stablehlo.convert"(%arg7) : (tensor<i32>) -> tensor<f32> loc("loop")
      %16 = "stablehlo.add"(%arg8, %15) : (tensor<f32>, tensor<f32>) -> tensor<f32> loc("loop")
      "stablehlo.return"(%14, %16) : (tensor<i32>, tensor<f32>) -> ()
    }) : (tensor<i32>, tensor<f32>) -> (tensor<i32>, tensor<f32>) loc("loop")
    %17 = "stablehlo.iota"() <{iota_dimension = 0 : i64}> : () -> tensor<{k}xi64> loc("loop")
    %18 = "stablehlo.broadcast_in_dim"(%10#1) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<3x4xf32> loc("loop")
    %19 = "stablehlo.multiply"(%arg1, %18) : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32> loc("loop")
    func.return %7, %19, %10#0, %17 : tensor<{1 + n}x{3 + floordiv(1 + n, 2) + n}xf32>, tensor<3x4xf32>, tensor<i32>, tensor<{k}xi64>
  }
}
