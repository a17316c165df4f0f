// eliminate_common_subexpressions
module @test attributes {flowc.symbols = {n = "argument 0 axis 0"}, flowc.messages = [["InvalidArgumentError", "", ""]]} {
  func.func public @main(%arg0: tensor<{n}x3xf32> {flowc.name = "x"}, %arg1: tensor<i32> {flowc.name = "k"}) -> (tensor<{n}x3xf32>, tensor<{n}x3xf32>, tensor<{n}x3xf32>, tensor<{n}x3xf32>) {
    %0 = "stablehlo.negate"(%arg0) : (tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    %1 = "stablehlo.add"(%arg0, %0) : (tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    %2 = "stablehlo.add"(%0, %arg0) : (tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    %3 = "stablehlo.subtract"(%1, %2) : (tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    %4 = "stablehlo.maximum"(%arg0, %0) : (tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    %5 = "stablehlo.maximum"(%0, %arg0) : (tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    %6 = "stablehlo.add"(%arg0, %arg0) : (tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    func.return %3, %4, %5, %6 : tensor<{n}x3xf32>, tensor<{n}x3xf32>, tensor<{n}x3xf32>, tensor<{n}x3xf32>
  }
}
// becomes
module @test attributes {flowc.symbols = {n = "argument 0 axis 0"}, flowc.messages = [["InvalidArgumentError", "", ""]]} {
  func.func public @main(%arg0: tensor<{n}x3xf32> {flowc.name = "x"}, %arg1: tensor<i32> {flowc.name = "k"}) -> (tensor<{n}x3xf32>, tensor<{n}x3xf32>, tensor<{n}x3xf32>, tensor<{n}x3xf32>) {
    %0 = "stablehlo.negate"(%arg0) : (tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    %1 = "stablehlo.add"(%arg0, %0) : (tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    %2 = "stablehlo.subtract"(%1, %1) : (tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    %3 = "stablehlo.maximum"(%arg0, %0) : (tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    %4 = "stablehlo.maximum"(%0, %arg0) : (tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    %5 = "stablehlo.add"(%arg0, %arg0) : (tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    func.return %2, %3, %4, %5 : tensor<{n}x3xf32>, tensor<{n}x3xf32>, tensor<{n}x3xf32>, tensor<{n}x3xf32>
  }
}
