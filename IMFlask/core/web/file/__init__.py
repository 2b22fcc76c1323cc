"""Files in and out: multipart forms as they stream in, downloads in ranges."""
