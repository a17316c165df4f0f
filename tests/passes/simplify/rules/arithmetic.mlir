// rule add_zero
func.func public @main(%arg0: tensor<4xi32>) -> (tensor<4xi32>) {
  %0 = "stablehlo.constant"() <{value = dense<0> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i32>) -> tensor<4xi32>
  %2 = "stablehlo.add"(%arg0, %1) : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  func.return %2 : tensor<4xi32>
}
// becomes
func.func public @main(%arg0: tensor<4xi32>) -> (tensor<4xi32>) {
  func.return %arg0 : tensor<4xi32>
}

// rule add_zero
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.abs"(%arg0) : (tensor<10xf32>) -> tensor<10xf32>
  %1 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %2 = "stablehlo.broadcast_in_dim"(%1) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<10xf32>
  %3 = "stablehlo.add"(%0, %2) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %3 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.abs"(%arg0) : (tensor<10xf32>) -> tensor<10xf32>
  func.return %0 : tensor<10xf32>
}

// rule add_zero
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<-0.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<10xf32>
  %2 = "stablehlo.add"(%1, %arg0) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %2 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  func.return %arg0 : tensor<10xf32>
}

// rule add_zero does not apply
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<10xf32>
  %2 = "stablehlo.add"(%arg0, %1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %2 : tensor<10xf32>
}

// rule add_negated
func.func public @main(%arg0: tensor<10xf32>, %arg1: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.negate"(%arg1) : (tensor<10xf32>) -> tensor<10xf32>
  %1 = "stablehlo.add"(%arg0, %0) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %1 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>, %arg1: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.subtract"(%arg0, %arg1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %0 : tensor<10xf32>
}

// rule add_negated
func.func public @main(%arg0: tensor<6xi32>, %arg1: tensor<6xi32>) -> (tensor<6xi32>) {
  %0 = "stablehlo.negate"(%arg0) : (tensor<6xi32>) -> tensor<6xi32>
  %1 = "stablehlo.add"(%0, %arg1) : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi32>
  func.return %1 : tensor<6xi32>
}
// becomes
func.func public @main(%arg0: tensor<6xi32>, %arg1: tensor<6xi32>) -> (tensor<6xi32>) {
  %0 = "stablehlo.subtract"(%arg1, %arg0) : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi32>
  func.return %0 : tensor<6xi32>
}

// rule associate
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi32>) {
  %0 = "stablehlo.constant"() <{value = dense<5> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i32>) -> tensor<6xi32>
  %2 = "stablehlo.add"(%arg0, %1) : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi32>
  %3 = "stablehlo.constant"() <{value = dense<7> : tensor<i32>}> : () -> tensor<i32>
  %4 = "stablehlo.broadcast_in_dim"(%3) <{broadcast_dimensions = array<i64>}> : (tensor<i32>) -> tensor<6xi32>
  %5 = "stablehlo.add"(%2, %4) : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi32>
  func.return %5 : tensor<6xi32>
}
// becomes
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi32>) {
  %0 = "stablehlo.constant"() <{value = dense<12> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i32>) -> tensor<6xi32>
  %2 = "stablehlo.add"(%arg0, %1) : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi32>
  func.return %2 : tensor<6xi32>
}

// rule associate
func.func public @main(%arg0: tensor<6xui8>) -> (tensor<6xui8>) {
  %0 = "stablehlo.constant"() <{value = dense<100> : tensor<ui8>}> : () -> tensor<ui8>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<ui8>) -> tensor<6xui8>
  %2 = "stablehlo.multiply"(%1, %arg0) : (tensor<6xui8>, tensor<6xui8>) -> tensor<6xui8>
  %3 = "stablehlo.constant"() <{value = dense<3> : tensor<ui8>}> : () -> tensor<ui8>
  %4 = "stablehlo.broadcast_in_dim"(%3) <{broadcast_dimensions = array<i64>}> : (tensor<ui8>) -> tensor<6xui8>
  %5 = "stablehlo.multiply"(%4, %2) : (tensor<6xui8>, tensor<6xui8>) -> tensor<6xui8>
  func.return %5 : tensor<6xui8>
}
// becomes
func.func public @main(%arg0: tensor<6xui8>) -> (tensor<6xui8>) {
  %0 = "stablehlo.constant"() <{value = dense<44> : tensor<ui8>}> : () -> tensor<ui8>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<ui8>) -> tensor<6xui8>
  %2 = "stablehlo.multiply"(%arg0, %1) : (tensor<6xui8>, tensor<6xui8>) -> tensor<6xui8>
  func.return %2 : tensor<6xui8>
}

// rule associate does not apply
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<1.5> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<10xf32>
  %2 = "stablehlo.add"(%arg0, %1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  %3 = "stablehlo.constant"() <{value = dense<2.5> : tensor<f32>}> : () -> tensor<f32>
  %4 = "stablehlo.broadcast_in_dim"(%3) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<10xf32>
  %5 = "stablehlo.add"(%2, %4) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %5 : tensor<10xf32>
}

// rule subtract_zero
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<10xf32>
  %2 = "stablehlo.subtract"(%arg0, %1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %2 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  func.return %arg0 : tensor<10xf32>
}

// rule subtract_zero does not apply
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<-0.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<10xf32>
  %2 = "stablehlo.subtract"(%arg0, %1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %2 : tensor<10xf32>
}

// rule subtract_from_zero
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi32>) {
  %0 = "stablehlo.constant"() <{value = dense<0> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i32>) -> tensor<6xi32>
  %2 = "stablehlo.subtract"(%1, %arg0) : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi32>
  func.return %2 : tensor<6xi32>
}
// becomes
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi32>) {
  %0 = "stablehlo.negate"(%arg0) : (tensor<6xi32>) -> tensor<6xi32>
  func.return %0 : tensor<6xi32>
}

// rule subtract_from_zero
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<-0.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<10xf32>
  %2 = "stablehlo.subtract"(%1, %arg0) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %2 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.negate"(%arg0) : (tensor<10xf32>) -> tensor<10xf32>
  func.return %0 : tensor<10xf32>
}

// rule subtract_from_zero does not apply
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<10xf32>
  %2 = "stablehlo.subtract"(%1, %arg0) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %2 : tensor<10xf32>
}

// rule subtract_negated
func.func public @main(%arg0: tensor<10xf32>, %arg1: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.negate"(%arg1) : (tensor<10xf32>) -> tensor<10xf32>
  %1 = "stablehlo.subtract"(%arg0, %0) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %1 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>, %arg1: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.add"(%arg0, %arg1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %0 : tensor<10xf32>
}

// rule subtract_itself
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi32>) {
  %0 = "stablehlo.subtract"(%arg0, %arg0) : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi32>
  func.return %0 : tensor<6xi32>
}
// becomes
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi32>) {
  %0 = "stablehlo.constant"() <{value = dense<0> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i32>) -> tensor<6xi32>
  func.return %1 : tensor<6xi32>
}

// rule subtract_itself does not apply
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.subtract"(%arg0, %arg0) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %0 : tensor<10xf32>
}

// rule multiply_one
func.func public @main(%arg0: tensor<{n}x2xf32>) -> (tensor<{n}x2xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<1.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<{n}x2xf32>
  %2 = "stablehlo.multiply"(%1, %arg0) : (tensor<{n}x2xf32>, tensor<{n}x2xf32>) -> tensor<{n}x2xf32>
  func.return %2 : tensor<{n}x2xf32>
}
// becomes
func.func public @main(%arg0: tensor<{n}x2xf32>) -> (tensor<{n}x2xf32>) {
  func.return %arg0 : tensor<{n}x2xf32>
}

// rule multiply_zero
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi32>) {
  %0 = "stablehlo.constant"() <{value = dense<0> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i32>) -> tensor<6xi32>
  %2 = "stablehlo.multiply"(%arg0, %1) : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi32>
  func.return %2 : tensor<6xi32>
}
// becomes
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi32>) {
  %0 = "stablehlo.constant"() <{value = dense<0> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i32>) -> tensor<6xi32>
  func.return %1 : tensor<6xi32>
}

// rule multiply_zero does not apply
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<10xf32>
  %2 = "stablehlo.multiply"(%arg0, %1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %2 : tensor<10xf32>
}

// rule multiply_minus_one
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<-1.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<10xf32>
  %2 = "stablehlo.multiply"(%arg0, %1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %2 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.negate"(%arg0) : (tensor<10xf32>) -> tensor<10xf32>
  func.return %0 : tensor<10xf32>
}

// rule multiply_negated
func.func public @main(%arg0: tensor<10xf32>, %arg1: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.negate"(%arg0) : (tensor<10xf32>) -> tensor<10xf32>
  %1 = "stablehlo.negate"(%arg1) : (tensor<10xf32>) -> tensor<10xf32>
  %2 = "stablehlo.multiply"(%0, %1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %2 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>, %arg1: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.multiply"(%arg0, %arg1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %0 : tensor<10xf32>
}

// rule multiply_negated does not apply
func.func public @main(%arg0: tensor<10xf32>, %arg1: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.negate"(%arg0) : (tensor<10xf32>) -> tensor<10xf32>
  %1 = "stablehlo.multiply"(%0, %arg1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %1 : tensor<10xf32>
}

// rule divide_by_one
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi32>) {
  %0 = "stablehlo.constant"() <{value = dense<1> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i32>) -> tensor<6xi32>
  %2 = "stablehlo.divide"(%arg0, %1) : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi32>
  func.return %2 : tensor<6xi32>
}
// becomes
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi32>) {
  func.return %arg0 : tensor<6xi32>
}

// rule divide_by_power_of_two
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<-8.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<10xf32>
  %2 = "stablehlo.divide"(%arg0, %1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %2 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<-0.125> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<10xf32>
  %2 = "stablehlo.multiply"(%arg0, %1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %2 : tensor<10xf32>
}

// rule divide_by_power_of_two does not apply
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<3.0> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<10xf32>
  %2 = "stablehlo.divide"(%arg0, %1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %2 : tensor<10xf32>
}

// rule divide_by_power_of_two does not apply
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi32>) {
  %0 = "stablehlo.constant"() <{value = dense<8> : tensor<i32>}> : () -> tensor<i32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<i32>) -> tensor<6xi32>
  %2 = "stablehlo.divide"(%arg0, %1) : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi32>
  func.return %2 : tensor<6xi32>
}

// rule divide_by_power_of_two does not apply
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<1.7014118e+38> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<10xf32>
  %2 = "stablehlo.divide"(%arg0, %1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %2 : tensor<10xf32>
}

// rule negate_twice
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.negate"(%arg0) : (tensor<10xf32>) -> tensor<10xf32>
  %1 = "stablehlo.negate"(%0) : (tensor<10xf32>) -> tensor<10xf32>
  func.return %1 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  func.return %arg0 : tensor<10xf32>
}

// rule negate_difference
func.func public @main(%arg0: tensor<6xi32>, %arg1: tensor<6xi32>) -> (tensor<6xi32>) {
  %0 = "stablehlo.subtract"(%arg0, %arg1) : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi32>
  %1 = "stablehlo.negate"(%0) : (tensor<6xi32>) -> tensor<6xi32>
  func.return %1 : tensor<6xi32>
}
// becomes
func.func public @main(%arg0: tensor<6xi32>, %arg1: tensor<6xi32>) -> (tensor<6xi32>) {
  %0 = "stablehlo.subtract"(%arg1, %arg0) : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi32>
  func.return %0 : tensor<6xi32>
}

// rule negate_difference does not apply
func.func public @main(%arg0: tensor<10xf32>, %arg1: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.subtract"(%arg0, %arg1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  %1 = "stablehlo.negate"(%0) : (tensor<10xf32>) -> tensor<10xf32>
  func.return %1 : tensor<10xf32>
}

// rule absolute_of_sign
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.abs"(%arg0) : (tensor<10xf32>) -> tensor<10xf32>
  %1 = "stablehlo.abs"(%0) : (tensor<10xf32>) -> tensor<10xf32>
  func.return %1 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.abs"(%arg0) : (tensor<10xf32>) -> tensor<10xf32>
  func.return %0 : tensor<10xf32>
}

// rule absolute_of_sign
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.negate"(%arg0) : (tensor<10xf32>) -> tensor<10xf32>
  %1 = "stablehlo.abs"(%0) : (tensor<10xf32>) -> tensor<10xf32>
  func.return %1 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.abs"(%arg0) : (tensor<10xf32>) -> tensor<10xf32>
  func.return %0 : tensor<10xf32>
}

// rule keep_integral
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.round_nearest_even"(%arg0) : (tensor<10xf32>) -> tensor<10xf32>
  %1 = "stablehlo.floor"(%0) : (tensor<10xf32>) -> tensor<10xf32>
  func.return %1 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.round_nearest_even"(%arg0) : (tensor<10xf32>) -> tensor<10xf32>
  func.return %0 : tensor<10xf32>
}

// rule divide_by_power_of_two does not apply
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.constant"() <{value = dense<5.877471754111438e-39> : tensor<f32>}> : () -> tensor<f32>
  %1 = "stablehlo.broadcast_in_dim"(%0) <{broadcast_dimensions = array<i64>}> : (tensor<f32>) -> tensor<10xf32>
  %2 = "stablehlo.divide"(%arg0, %1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  func.return %2 : tensor<10xf32>
}
