// rule convert_to_same
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.convert"(%arg0) : (tensor<10xf32>) -> tensor<10xf32>
  func.return %0 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  func.return %arg0 : tensor<10xf32>
}

// rule convert_twice
func.func public @main(%arg0: tensor<10xbf16>) -> (tensor<10xbf16>) {
  %0 = "stablehlo.convert"(%arg0) : (tensor<10xbf16>) -> tensor<10xf32>
  %1 = "stablehlo.convert"(%0) : (tensor<10xf32>) -> tensor<10xbf16>
  func.return %1 : tensor<10xbf16>
}
// becomes
func.func public @main(%arg0: tensor<10xbf16>) -> (tensor<10xbf16>) {
  func.return %arg0 : tensor<10xbf16>
}

// rule convert_twice
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi8>) {
  %0 = "stablehlo.convert"(%arg0) : (tensor<6xi32>) -> tensor<6xi16>
  %1 = "stablehlo.convert"(%0) : (tensor<6xi16>) -> tensor<6xi8>
  func.return %1 : tensor<6xi8>
}
// becomes
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi8>) {
  %0 = "stablehlo.convert"(%arg0) : (tensor<6xi32>) -> tensor<6xi8>
  func.return %0 : tensor<6xi8>
}

// rule convert_twice
func.func public @main(%arg0: tensor<6xi8>) -> (tensor<6xi32>) {
  %0 = "stablehlo.convert"(%arg0) : (tensor<6xi8>) -> tensor<6xf32>
  %1 = "stablehlo.convert"(%0) : (tensor<6xf32>) -> tensor<6xi32>
  func.return %1 : tensor<6xi32>
}
// becomes
func.func public @main(%arg0: tensor<6xi8>) -> (tensor<6xi32>) {
  %0 = "stablehlo.convert"(%arg0) : (tensor<6xi8>) -> tensor<6xi32>
  func.return %0 : tensor<6xi32>
}

// rule convert_twice does not apply
func.func public @main(%arg0: tensor<6xi8>) -> (tensor<6xui8>) {
  %0 = "stablehlo.convert"(%arg0) : (tensor<6xi8>) -> tensor<6xf32>
  %1 = "stablehlo.convert"(%0) : (tensor<6xf32>) -> tensor<6xui8>
  func.return %1 : tensor<6xui8>
}

// rule convert_twice does not apply
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi32>) {
  %0 = "stablehlo.convert"(%arg0) : (tensor<6xi32>) -> tensor<6xf32>
  %1 = "stablehlo.convert"(%0) : (tensor<6xf32>) -> tensor<6xi32>
  func.return %1 : tensor<6xi32>
}

// rule convert_twice does not apply
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.convert"(%arg0) : (tensor<10xf32>) -> tensor<10xbf16>
  %1 = "stablehlo.convert"(%0) : (tensor<10xbf16>) -> tensor<10xf32>
  func.return %1 : tensor<10xf32>
}

// rule convert_twice does not apply
func.func public @main(%arg0: tensor<6xi32>) -> (tensor<6xi64>) {
  %0 = "stablehlo.convert"(%arg0) : (tensor<6xi32>) -> tensor<6xui32>
  %1 = "stablehlo.convert"(%0) : (tensor<6xui32>) -> tensor<6xi64>
  func.return %1 : tensor<6xi64>
}

// rule bitcast_twice
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xui32>) {
  %0 = "stablehlo.bitcast_convert"(%arg0) : (tensor<10xf32>) -> tensor<10xi32>
  %1 = "stablehlo.bitcast_convert"(%0) : (tensor<10xi32>) -> tensor<10xui32>
  func.return %1 : tensor<10xui32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xui32>) {
  %0 = "stablehlo.bitcast_convert"(%arg0) : (tensor<10xf32>) -> tensor<10xui32>
  func.return %0 : tensor<10xui32>
}

// rule bitcast_twice
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  %0 = "stablehlo.bitcast_convert"(%arg0) : (tensor<10xf32>) -> tensor<10x4xui8>
  %1 = "stablehlo.bitcast_convert"(%0) : (tensor<10x4xui8>) -> tensor<10xf32>
  func.return %1 : tensor<10xf32>
}
// becomes
func.func public @main(%arg0: tensor<10xf32>) -> (tensor<10xf32>) {
  func.return %arg0 : tensor<10xf32>
}

// rule convert_twice does not apply
func.func public @main(%arg0: tensor<6xi8>) -> (tensor<6xui8>) {
  %0 = "stablehlo.convert"(%arg0) : (tensor<6xi8>) -> tensor<6xcomplex<f32>>
  %1 = "stablehlo.convert"(%0) : (tensor<6xcomplex<f32>>) -> tensor<6xui8>
  func.return %1 : tensor<6xui8>
}
