@echo off
setlocal
set ELECTRON_RUN_AS_NODE=1
"%~dp0Ingot.exe" "%~dp0resources\app.asar\out\main\cli.js" %*
