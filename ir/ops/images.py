"""Images (resizing, cropping, colours, patches, suppression): another engineer is writing this family."""
