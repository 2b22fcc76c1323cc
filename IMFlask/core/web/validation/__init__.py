"""A view's input, declared: `@Validator()` over parameters that say where each comes from."""
