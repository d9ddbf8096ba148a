"""What has to be deleted again after a source was restored from a backup."""
