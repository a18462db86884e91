# hostpart: build, test and try it. V=1 shows commands; B=DIR builds elsewhere.
