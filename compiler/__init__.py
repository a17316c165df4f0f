"""The driver: from a GraphDef to native code."""
