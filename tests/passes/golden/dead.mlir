// eliminate_dead_code
module @test attributes {flowc.symbols = {n = "argument 0 axis 0"}, flowc.messages = [["InvalidArgumentError", "k is negative", ""]]} {
  func.func public @main(%arg0: tensor<{n}x3xf32> {flowc.name = "x"}, %arg1: tensor<i32> {flowc.name = "k"}) -> (tensor<{n}x3xf32>) {
    %0 = "stablehlo.negate"(%arg0) : (tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    %1 = "stablehlo.exponential"(%0) : (tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    %2 = "stablehlo.constant"() <{value = dense<0> : tensor<i32>}> : () -> tensor<i32>
    %3 = "stablehlo.compare"(%arg1, %2) <{comparison_direction = #stablehlo<comparison_direction GE>}> : (tensor<i32>, tensor<i32>) -> tensor<i1>
    "flowc.check"(%3) <{code = 1 : i64}> : (tensor<i1>) -> ()
    %4 = "stablehlo.abs"(%arg0) : (tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    func.return %4 : tensor<{n}x3xf32>
  }
}
// becomes
module @test attributes {flowc.symbols = {n = "argument 0 axis 0"}, flowc.messages = [["InvalidArgumentError", "k is negative", ""]]} {
  func.func public @main(%arg0: tensor<{n}x3xf32> {flowc.name = "x"}, %arg1: tensor<i32> {flowc.name = "k"}) -> (tensor<{n}x3xf32>) {
    %0 = "stablehlo.constant"() <{value = dense<0> : tensor<i32>}> : () -> tensor<i32>
    %1 = "stablehlo.compare"(%arg1, %0) <{comparison_direction = #stablehlo<comparison_direction GE>}> : (tensor<i32>, tensor<i32>) -> tensor<i1>
    "flowc.check"(%1) <{code = 1 : i64}> : (tensor<i1>) -> ()
    %2 = "stablehlo.abs"(%arg0) : (tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    func.return %2 : tensor<{n}x3xf32>
  }
}
