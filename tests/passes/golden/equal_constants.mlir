// eliminate_common_subexpressions
module @test attributes {flowc.symbols = {n = "argument 0 axis 0"}, flowc.messages = [["InvalidArgumentError", "", ""]]} {
  func.func public @main(%arg0: tensor<{n}x3xf32> {flowc.name = "x"}, %arg1: tensor<i32> {flowc.name = "k"}) -> (tensor<1xf32>, tensor<1xf32>) {
    %0 = "stablehlo.constant"() <{value = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
    %1 = "stablehlo.constant"() <{value = dense<-0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
    %2 = "stablehlo.constant"() <{value = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
    %3 = "stablehlo.add"(%0, %2) : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
    %4 = "stablehlo.subtract"(%0, %1) : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
    func.return %3, %4 : tensor<1xf32>, tensor<1xf32>
  }
}
// becomes
module @test attributes {flowc.symbols = {n = "argument 0 axis 0"}, flowc.messages = [["InvalidArgumentError", "", ""]]} {
  func.func public @main(%arg0: tensor<{n}x3xf32> {flowc.name = "x"}, %arg1: tensor<i32> {flowc.name = "k"}) -> (tensor<1xf32>, tensor<1xf32>) {
    %0 = "stablehlo.constant"() <{value = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
    %1 = "stablehlo.constant"() <{value = dense<-0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
    %2 = "stablehlo.add"(%0, %0) : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
    %3 = "stablehlo.subtract"(%0, %1) : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
    func.return %2, %3 : tensor<1xf32>, tensor<1xf32>
  }
}
