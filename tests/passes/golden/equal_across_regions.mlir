// eliminate_common_subexpressions
module @test attributes {flowc.symbols = {n = "argument 0 axis 0"}, flowc.messages = [["InvalidArgumentError", "", ""]]} {
  func.func public @main(%arg0: tensor<{n}x3xf32> {flowc.name = "x"}, %arg1: tensor<i32> {flowc.name = "k"}) -> (tensor<{n}x3xf32>, tensor<{n}x3xf32>) {
    %0 = "stablehlo.constant"() <{value = dense<2.0> : tensor<f32>}> : () -> tensor<f32>
    %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<{n}x3xf32>
    %2 = "stablehlo.multiply"(%arg0, %1) : (tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    %3 = "stablehlo.exponential"(%2) : (tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    %4 = "stablehlo.case"(%arg1) ({
      %5 = "stablehlo.constant"() <{value = dense<2.0> : tensor<f32>}> : () -> tensor<f32>
      %6 = "stablehlo.broadcast_in_dim"(%5) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<{n}x3xf32>
      %7 = "stablehlo.multiply"(%arg0, %6) : (tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
      %8 = "stablehlo.exponential"(%7) : (tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
      %9 = "stablehlo.add"(%8, %arg0) : (tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
      "stablehlo.return"(%9) : (tensor<{n}x3xf32>) -> ()
    }, {
      %10 = "stablehlo.negate"(%arg0) : (tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
      %11 = "stablehlo.negate"(%10) : (tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
      "stablehlo.return"(%11) : (tensor<{n}x3xf32>) -> ()
    }) : (tensor<i32>) -> tensor<{n}x3xf32>
    func.return %3, %4 : tensor<{n}x3xf32>, tensor<{n}x3xf32>
  }
}
// becomes
module @test attributes {flowc.symbols = {n = "argument 0 axis 0"}, flowc.messages = [["InvalidArgumentError", "", ""]]} {
  func.func public @main(%arg0: tensor<{n}x3xf32> {flowc.name = "x"}, %arg1: tensor<i32> {flowc.name = "k"}) -> (tensor<{n}x3xf32>, tensor<{n}x3xf32>) {
    %0 = "stablehlo.constant"() <{value = dense<2.0> : tensor<f32>}> : () -> tensor<f32>
    %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<{n}x3xf32>
    %2 = "stablehlo.multiply"(%arg0, %1) : (tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    %3 = "stablehlo.exponential"(%2) : (tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    %4 = "stablehlo.case"(%arg1) ({
      %5 = "stablehlo.constant"() <{value = dense<2.0> : tensor<f32>}> : () -> tensor<f32>
      %6 = "stablehlo.broadcast_in_dim"(%5) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<{n}x3xf32>
      %7 = "stablehlo.add"(%3, %arg0) : (tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
      "stablehlo.return"(%7) : (tensor<{n}x3xf32>) -> ()
    }, {
      %8 = "stablehlo.negate"(%arg0) : (tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
      %9 = "stablehlo.negate"(%8) : (tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
      "stablehlo.return"(%9) : (tensor<{n}x3xf32>) -> ()
    }) : (tensor<i32>) -> tensor<{n}x3xf32>
    func.return %3, %4 : tensor<{n}x3xf32>, tensor<{n}x3xf32>
  }
}
