"""Reports to hand on: written once as blocks, made into one HTML file or a PDF."""
