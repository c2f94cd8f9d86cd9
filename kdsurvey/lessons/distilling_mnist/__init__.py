"""The lesson of notebook 02, distilling MNIST."""
