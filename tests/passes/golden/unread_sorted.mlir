// eliminate_dead_results
module @test attributes {flowc.symbols = {n = "argument 0 axis 0"}, flowc.messages = [["InvalidArgumentError", "", ""]]} {
  func.func public @main(%arg0: tensor<{n}x3xf32> {flowc.name = "x"}, %arg1: tensor<i32> {flowc.name = "k"}) -> (tensor<{n}x3xf32>) {
    %0 = "stablehlo.negate"(%arg0) : (tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    %1 = "stablehlo.abs"(%arg0) : (tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    %2:3 = "stablehlo.sort"(%arg0, %0, %1) <{dimension = 1 : i64, is_stable = true}> ({
    ^bb0(%arg2: tensor<f32>, %arg3: tensor<f32>, %arg4: tensor<f32>, %arg5: tensor<f32>, %arg6: tensor<f32>, %arg7: tensor<f32>):
      %3 = "stablehlo.compare"(%arg2, %arg3) <{comparison_direction = #stablehlo<comparison_direction LT>}> : (tensor<f32>, tensor<f32>) -> tensor<i1>
      "stablehlo.return"(%3) : (tensor<i1>) -> ()
    }) : (tensor<{n}x3xf32>, tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> (tensor<{n}x3xf32>, tensor<{n}x3xf32>, tensor<{n}x3xf32>)
    func.return %2#1 : tensor<{n}x3xf32>
  }
}
// becomes
module @test attributes {flowc.symbols = {n = "argument 0 axis 0"}, flowc.messages = [["InvalidArgumentError", "", ""]]} {
  func.func public @main(%arg0: tensor<{n}x3xf32> {flowc.name = "x"}, %arg1: tensor<i32> {flowc.name = "k"}) -> (tensor<{n}x3xf32>) {
    %0 = "stablehlo.negate"(%arg0) : (tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    %1 = "stablehlo.abs"(%arg0) : (tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
    %2:2 = "stablehlo.sort"(%arg0, %0) <{dimension = 1 : i64, is_stable = true}> ({
    ^bb0(%arg2: tensor<f32>, %arg3: tensor<f32>, %arg4: tensor<f32>, %arg5: tensor<f32>):
      %3 = "stablehlo.compare"(%arg2, %arg3) <{comparison_direction = #stablehlo<comparison_direction LT>}> : (tensor<f32>, tensor<f32>) -> tensor<i1>
      "stablehlo.return"(%3) : (tensor<i1>) -> ()
    }) : (tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> (tensor<{n}x3xf32>, tensor<{n}x3xf32>)
    func.return %2#1 : tensor<{n}x3xf32>
  }
}
