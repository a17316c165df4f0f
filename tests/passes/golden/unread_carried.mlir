// eliminate_dead_results
module @test attributes {flowc.symbols = {n = "argument 0 axis 0"}, flowc.messages = [["InvalidArgumentError", "", ""]]} {
  func.func public @main(%arg0: tensor<{n}x3xf32> {flowc.name = "x"}, %arg1: tensor<i32> {flowc.name = "k"}) -> (tensor<{n}x3xf32>) {
    %0 = "stablehlo.constant"() <{value = dense<0> : tensor<i32>}> : () -> tensor<i32>
    %1:4 = "stablehlo.while"(%0, %arg0, %arg0, %arg0) ({
    ^bb0(%arg2: tensor<i32>, %arg3: tensor<{n}x3xf32>, %arg4: tensor<{n}x3xf32>, %arg5: tensor<{n}x3xf32>):
      %2 = "stablehlo.compare"(%arg2, %arg1) <{comparison_direction = #stablehlo<comparison_direction LT>}> : (tensor<i32>, tensor<i32>) -> tensor<i1>
      "stablehlo.return"(%2) : (tensor<i1>) -> ()
    }, {
    ^bb0(%arg6: tensor<i32>, %arg7: tensor<{n}x3xf32>, %arg8: tensor<{n}x3xf32>, %arg9: tensor<{n}x3xf32>):
      %3 = "stablehlo.constant"() <{value = dense<1> : tensor<i32>}> : () -> tensor<i32>
      %4 = "stablehlo.add"(%arg6, %3) : (tensor<i32>, tensor<i32>) -> tensor<i32>
      %5 = "stablehlo.add"(%arg7, %arg7) : (tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
      %6 = "stablehlo.negate"(%arg8) : (tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
      %7 = "stablehlo.maximum"(%arg9, %arg8) : (tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
      "stablehlo.return"(%4, %5, %6, %7) : (tensor<i32>, tensor<{n}x3xf32>, tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> ()
    }) : (tensor<i32>, tensor<{n}x3xf32>, tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> (tensor<i32>, tensor<{n}x3xf32>, tensor<{n}x3xf32>, tensor<{n}x3xf32>)
    func.return %1#3 : tensor<{n}x3xf32>
  }
}
// becomes
module @test attributes {flowc.symbols = {n = "argument 0 axis 0"}, flowc.messages = [["InvalidArgumentError", "", ""]]} {
  func.func public @main(%arg0: tensor<{n}x3xf32> {flowc.name = "x"}, %arg1: tensor<i32> {flowc.name = "k"}) -> (tensor<{n}x3xf32>) {
    %0 = "stablehlo.constant"() <{value = dense<0> : tensor<i32>}> : () -> tensor<i32>
    %1:3 = "stablehlo.while"(%0, %arg0, %arg0) ({
    ^bb0(%arg2: tensor<i32>, %arg3: tensor<{n}x3xf32>, %arg4: tensor<{n}x3xf32>):
      %2 = "stablehlo.compare"(%arg2, %arg1) <{comparison_direction = #stablehlo<comparison_direction LT>}> : (tensor<i32>, tensor<i32>) -> tensor<i1>
      "stablehlo.return"(%2) : (tensor<i1>) -> ()
    }, {
    ^bb0(%arg5: tensor<i32>, %arg6: tensor<{n}x3xf32>, %arg7: tensor<{n}x3xf32>):
      %3 = "stablehlo.constant"() <{value = dense<1> : tensor<i32>}> : () -> tensor<i32>
      %4 = "stablehlo.add"(%arg5, %3) : (tensor<i32>, tensor<i32>) -> tensor<i32>
      %5 = "stablehlo.negate"(%arg6) : (tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
      %6 = "stablehlo.maximum"(%arg7, %arg6) : (tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> tensor<{n}x3xf32>
      "stablehlo.return"(%4, %5, %6) : (tensor<i32>, tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> ()
    }) : (tensor<i32>, tensor<{n}x3xf32>, tensor<{n}x3xf32>) -> (tensor<i32>, tensor<{n}x3xf32>, tensor<{n}x3xf32>)
    func.return %1#2 : tensor<{n}x3xf32>
  }
}
