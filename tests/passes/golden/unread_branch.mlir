// eliminate_dead_results
module @test attributes {flowc.symbols = {n = "argument 0 axis 0"}, flowc.messages = [["InvalidArgumentError", "", ""]]} {
  func.func public @main(%arg0: tensor<{n}x3xf32> {flowc.name = "x"}, %arg1: tensor<i32> {flowc.name = "k"}) -> (tensor<{n}x3xf32>) {
    %0:2 = "stablehlo.case"(%arg1) ({
      %1 = "stablehlo.abs"(%arg0) : (tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
      %2 = "stablehlo.exponential"(%arg0) : (tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
      "stablehlo.return"(%1, %2) : (tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> ()
    }, {
      %3 = "stablehlo.tanh"(%arg0) : (tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
      "stablehlo.return"(%arg0, %3) : (tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> ()
    }) : (tensor<i32>) -> (tensor<{n}x3xf32>, tensor<{n}x3xf32>)
    func.return %0#0 : tensor<{n}x3xf32>
  }
}
// becomes
module @test attributes {flowc.symbols = {n = "argument 0 axis 0"}, flowc.messages = [["InvalidArgumentError", "", ""]]} {
  func.func public @main(%arg0: tensor<{n}x3xf32> {flowc.name = "x"}, %arg1: tensor<i32> {flowc.name = "k"}) -> (tensor<{n}x3xf32>) {
    %0 = "stablehlo.case"(%arg1) ({
      %1 = "stablehlo.abs"(%arg0) : (tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
      "stablehlo.return"(%1) : (tensor<{n}x3xf32>) -> ()
    }, {
      "stablehlo.return"(%arg0) : (tensor<{n}x3xf32>) -> ()
    }) : (tensor<i32>) -> tensor<{n}x3xf32>
    func.return %0 : tensor<{n}x3xf32>
  }
}
