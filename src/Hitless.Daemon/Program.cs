// The entry point of this program; it says new and nothing else.
return 0;
