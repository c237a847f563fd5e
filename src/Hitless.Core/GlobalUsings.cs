// ImplicitUsings brings in System.IO, System.Net.Http, System.Threading and System.Threading.Tasks;
// none of them is for Core, and BannedSymbols.txt refuses their use.
global using System.Diagnostics.CodeAnalysis;
