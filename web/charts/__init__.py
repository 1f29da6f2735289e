"""Charts over time, drawn by uPlot in the browser, and the small trends within rows, drawn here."""
