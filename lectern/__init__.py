"""The domain of Lectern: rules, rows and bytes. It knows neither Flask nor RQ."""
