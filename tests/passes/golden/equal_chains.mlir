// eliminate_common_subexpressions
module @test attributes {flowc.symbols = {n = "argument 0 axis 0"}, flowc.messages = [["InvalidArgumentError", "", ""]]} {
  func.func public @main(%arg0: tensor<{n}x3xf32> {flowc.name = "x"}, %arg1: tensor<i32> {flowc.name = "k"}) -> (tensor<{n}xf32>, tensor<{n}xf32>, tensor<{n}xf32>) {
    %0 = "stablehlo.exponential"(%arg0) : (tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    %1 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
    %2 = "stablehlo.reduce"(%0, %1) <{dimensions = array<i64: 1>}> ({
    ^bb0(%arg2: tensor<f32>, %arg3: tensor<f32>):
      %3 = "stablehlo.add"(%arg2, %arg3) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      "stablehlo.return"(%3) : (tensor<f32>) -> ()
    }) : (tensor<{n}x3xf32>, tensor<f32>) -> tensor<{n}xf32>
    %4 = "stablehlo.exponential"(%arg0) : (tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    %5 = "stablehlo.reduce"(%4, %1) <{dimensions = array<i64: 1>}> ({
    ^bb0(%arg4: tensor<f32>, %arg5: tensor<f32>):
      %6 = "stablehlo.add"(%arg4, %arg5) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      "stablehlo.return"(%6) : (tensor<f32>) -> ()
    }) : (tensor<{n}x3xf32>, tensor<f32>) -> tensor<{n}xf32>
    %7 = "stablehlo.exponential"(%arg0) : (tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    %8 = "stablehlo.constant"() <{value = dense<0xFF800000> : tensor<f32>}> : () -> tensor<f32>
    %9 = "stablehlo.reduce"(%7, %8) <{dimensions = array<i64: 1>}> ({
    ^bb0(%arg6: tensor<f32>, %arg7: tensor<f32>):
      %10 = "stablehlo.maximum"(%arg6, %arg7) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      "stablehlo.return"(%10) : (tensor<f32>) -> ()
    }) : (tensor<{n}x3xf32>, tensor<f32>) -> tensor<{n}xf32>
    func.return %2, %5, %9 : tensor<{n}xf32>, tensor<{n}xf32>, tensor<{n}xf32>
  }
}
// becomes
module @test attributes {flowc.symbols = {n = "argument 0 axis 0"}, flowc.messages = [["InvalidArgumentError", "", ""]]} {
  func.func public @main(%arg0: tensor<{n}x3xf32> {flowc.name = "x"}, %arg1: tensor<i32> {flowc.name = "k"}) -> (tensor<{n}xf32>, tensor<{n}xf32>, tensor<{n}xf32>) {
    %0 = "stablehlo.exponential"(%arg0) : (tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    %1 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
    %2 = "stablehlo.reduce"(%0, %1) <{dimensions = array<i64: 1>}> ({
    ^bb0(%arg2: tensor<f32>, %arg3: tensor<f32>):
      %3 = "stablehlo.add"(%arg2, %arg3) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      "stablehlo.return"(%3) : (tensor<f32>) -> ()
    }) : (tensor<{n}x3xf32>, tensor<f32>) -> tensor<{n}xf32>
    %4 = "stablehlo.constant"() <{value = dense<0xFF800000> : tensor<f32>}> : () -> tensor<f32>
    %5 = "stablehlo.reduce"(%0, %4) <{dimensions = array<i64: 1>}> ({
    ^bb0(%arg4: tensor<f32>, %arg5: tensor<f32>):
      %6 = "stablehlo.maximum"(%arg4, %arg5) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      "stablehlo.return"(%6) : (tensor<f32>) -> ()
    }) : (tensor<{n}x3xf32>, tensor<f32>) -> tensor<{n}xf32>
    func.return %2, %2, %5 : tensor<{n}xf32>, tensor<{n}xf32>, tensor<{n}xf32>
  }
}
