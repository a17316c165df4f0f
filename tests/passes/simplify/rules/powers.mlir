// rule power_of_constant
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<10xf32>
  %2 = "stablehlo.power"(%arg0, %1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %2 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<1.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<10xf32>
  func.return %1 : tensor<10xf32>
}

// rule power_of_constant
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<1.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<10xf32>
  %2 = "stablehlo.power"(%arg0, %1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %2 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  func.return %arg0 : tensor<10xf32>
}

// rule power_of_constant
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi32>) {
  %0 = "stablehlo.constant"() <{value = dense<2> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i32>) -> tensor<6xi32>
  %2 = "stablehlo.power"(%arg0, %1) : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi32>
  func.return %2 : tensor<6xi32>
}
// becomes
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi32>) {
  %0 = "stablehlo.multiply"(%arg0, %arg0) : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi32>
  func.return %0 : tensor<6xi32>
}

// rule power_of_constant
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<-1.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<10xf32>
  %2 = "stablehlo.power"(%arg0, %1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %2 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<1.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<10xf32>
  %2 = "stablehlo.divide"(%1, %arg0) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %2 : tensor<10xf32>
}

// rule power_of_constant does not apply
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi32>) {
  %0 = "stablehlo.constant"() <{value = dense<-1> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i32>) -> tensor<6xi32>
  %2 = "stablehlo.power"(%arg0, %1) : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi32>
  func.return %2 : tensor<6xi32>
}

// rule power_of_three
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<3.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<10xf32>
  %2 = "stablehlo.power"(%arg0, %1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %2 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.multiply"(%arg0, %arg0) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  %1 = "stablehlo.multiply"(%0, %arg0) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %1 : tensor<10xf32>
}

// rule power_of_three does not apply
func.func public @main(%arg0: tensor<10xf16>) -> (tensor<10xf16>) {
  %0 = "stablehlo.constant"() <{value = dense<3.0> : tensor<f16>}> : () -> tensor<f16>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f16>) -> tensor<10xf16>
  %2 = "stablehlo.power"(%arg0, %1) : (tensor<10xf16>, tensor<10xf16>) -> tensor<10xf16>
  func.return %2 : tensor<10xf16>
}

// rule square_root
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<0.5> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<10xf32>
  %2 = "stablehlo.power"(%arg0, %1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %2 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.sqrt"(%arg0) : (tensor<10xf32>) -> tensor<10xf32>
  func.return %0 : tensor<10xf32>
}

// rule square_root
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<-0.5> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<10xf32>
  %2 = "stablehlo.power"(%arg0, %1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %2 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.rsqrt"(%arg0) : (tensor<10xf32>) -> tensor<10xf32>
  func.return %0 : tensor<10xf32>
}

// rule square_root
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.multiply"(%arg0, %arg0) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  %1 = "stablehlo.constant"() <{value = dense<0.5> : tensor<f32>}> : () -> tensor<f32>
  %2 = "stablehlo.broadcast_in_dim"(%1) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<10xf32>
  %3 = "stablehlo.power"(%0, %2) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %3 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.multiply"(%arg0, %arg0) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  %1 = "stablehlo.sqrt"(%0) : (tensor<10xf32>) -> tensor<10xf32>
  func.return %1 : tensor<10xf32>
}
