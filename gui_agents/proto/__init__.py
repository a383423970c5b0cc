"""The protocol buffers of the gRPC contract, and what is generated from them."""
