"""The browser's and the API's side: Flask, htmx, and the server they run on."""
