// fold_constants
module @test attributes {flowc.symbols = {n = "argument 0 axis 0"}, flowc.messages = [["InvalidArgumentError", "", ""]]} {
  func.func public @main(%arg0: tensor<{n}x3xf32> {flowc.name = "x"}, %arg1: tensor<i32> {flowc.name = "k"}) -> (tensor<2xi32>) {
    %0 = "stablehlo.iota"() <{iota_dimension = 0 : i64}> : () -> tensor<1000xi32>
    %1 = "stablehlo.slice"(%0) <{limit_indices = array<i64: 990>, start_indices = array<i64: 10>, strides = array<i64: 490>}> : (tensor<1000xi32>) -> tensor<2xi32>
    func.return %1 : tensor<2xi32>
  }
}
// becomes
module @test attributes {flowc.symbols = {n = "argument 0 axis 0"}, flowc.messages = [["InvalidArgumentError", "", ""]]} {
  func.func public @main(%arg0: tensor<{n}x3xf32> {flowc.name = "x"}, %arg1: tensor<i32> {flowc.name = "k"}) -> (tensor<2xi32>) {
    %0 = "stablehlo.iota"() <{iota_dimension = 0 : i64}> : () -> tensor<1000xi32>
    %1 = "stablehlo.constant"() <{value = dense<[10, 500]> : tensor<2xi32>}> : () -> tensor<2xi32>
    func.return %1 : tensor<2xi32>
  }
}
