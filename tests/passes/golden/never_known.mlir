// fold_constants
module @test attributes {flowc.symbols = {n = "argument 0 axis 0"}, flowc.messages = [["InvalidArgumentError", "three is more than two", ""]]} {
  func.func public @main(%arg0: tensor<{n}x3xf32> {flowc.name = "x"}, %arg1: tensor<i32> {flowc.name = "k"}) -> (tensor<4xui32>, tensor<i32>) {
    %0 = "stablehlo.constant"() <{value = dense<3> : tensor<i32>}> : () -> tensor<i32>
    %1 = "stablehlo.constant"() <{value = dense<2> : tensor<i32>}> : () -> tensor<i32>
    %2 = "stablehlo.compare"(%0, %1) <{comparison_direction = #stablehlo<comparison_direction LT>}> : (tensor<i32>, tensor<i32>) -> tensor<i1>
    "flowc.check"(%2) <{code = 1 : i64}> : (tensor<i1>) -> ()
    %3 = "stablehlo.constant"() <{value = dense<[1, 2, 3]> : tensor<3xui64>}> : () -> tensor<3xui64>
    %4:2 = "stablehlo.rng_bit_generator"(%3) <{rng_algorithm = #stablehlo<rng_algorithm PHILOX>}> : (tensor<3xui64>) -> (tensor<3xui64>, tensor<4xui32>)
    %5 = "stablehlo.constant"() <{value = dense<0> : tensor<i32>}> : () -> tensor<i32>
    %6 = "stablehlo.while"(%5) ({
    ^bb0(%arg2: tensor<i32>):
      %7 = "stablehlo.constant"() <{value = dense<3> : tensor<i32>}> : () -> tensor<i32>
      %8 = "stablehlo.compare"(%arg2, %7) <{comparison_direction = #stablehlo<comparison_direction LT>}> : (tensor<i32>, tensor<i32>) -> tensor<i1>
      "stablehlo.return"(%8) : (tensor<i1>) -> ()
    }, {
    ^bb0(%arg3: tensor<i32>):
      %9 = "stablehlo.constant"() <{value = dense<1> : tensor<i32>}> : () -> tensor<i32>
      %10 = "stablehlo.add"(%arg3, %9) : (tensor<i32>, tensor<i32>) -> tensor<i32>
      "stablehlo.return"(%10) : (tensor<i32>) -> ()
    }) : (tensor<i32>) -> tensor<i32>
    func.return %4#1, %6 : tensor<4xui32>, tensor<i32>
  }
}
// becomes
module @test attributes {flowc.symbols = {n = "argument 0 axis 0"}, flowc.messages = [["InvalidArgumentError", "three is more than two", ""]]} {
  func.func public @main(%arg0: tensor<{n}x3xf32> {flowc.name = "x"}, %arg1: tensor<i32> {flowc.name = "k"}) -> (tensor<4xui32>, tensor<i32>) {
    %0 = "stablehlo.constant"() <{value = dense<3> : tensor<i32>}> : () -> tensor<i32>
    %1 = "stablehlo.constant"() <{value = dense<2> : tensor<i32>}> : () -> tensor<i32>
    %2 = "stablehlo.constant"() <{value = dense<false> : tensor<i1>}> : () -> tensor<i1>
    "flowc.check"(%2) <{code = 1 : i64}> : (tensor<i1>) -> ()
    %3 = "stablehlo.constant"() <{value = dense<[1, 2, 3]> : tensor<3xui64>}> : () -> tensor<3xui64>
    %4:2 = "stablehlo.rng_bit_generator"(%3) <{rng_algorithm = #stablehlo<rng_algorithm PHILOX>}> : (tensor<3xui64>) -> (tensor<3xui64>, tensor<4xui32>)
    %5 = "stablehlo.constant"() <{value = dense<0> : tensor<i32>}> : () -> tensor<i32>
    %6 = "stablehlo.while"(%5) ({
    ^bb0(%arg2: tensor<i32>):
      %7 = "stablehlo.constant"() <{value = dense<3> : tensor<i32>}> : () -> tensor<i32>
      %8 = "stablehlo.compare"(%arg2, %7) <{comparison_direction = #stablehlo<comparison_direction LT>}> : (tensor<i32>, tensor<i32>) -> tensor<i1>
      "stablehlo.return"(%8) : (tensor<i1>) -> ()
    }, {
    ^bb0(%arg3: tensor<i32>):
      %9 = "stablehlo.constant"() <{value = dense<1> : tensor<i32>}> : () -> tensor<i32>
      %10 = "stablehlo.add"(%arg3, %9) : (tensor<i32>, tensor<i32>) -> tensor<i32>
      "stablehlo.return"(%10) : (tensor<i32>) -> ()
    }) : (tensor<i32>) -> tensor<i32>
    func.return %4#1, %6 : tensor<4xui32>, tensor<i32>
  }
}
