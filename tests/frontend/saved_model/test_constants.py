"""The names that SavedModels agree on."""

import flowc as tf


def test_names() -> None:
    assert tf.saved_model.tag_constants.SERVING == tf.saved_model.SERVING == "serve"
    signature = tf.saved_model.signature_constants
    assert signature.DEFAULT_SERVING_SIGNATURE_DEF_KEY == "serving_default"
    assert signature.PREDICT_METHOD_NAME == "tensorflow/serving/predict"
    assert tf.saved_model.constants.VARIABLES_DIRECTORY == "variables"
