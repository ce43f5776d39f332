"""What leaves the project: the merged model, smaller versions of it, and the upload to the Hub."""
