// hitless: asks the unit's daemon over its Unix socket and says what it answered.
using Hitless.Cli;
using Hitless.Cli.Client;
using Hitless.Cli.Display;

return await HitlessCommand.RunAsync(args, Screen.OfProcess(), Patience.Ordinary, CancellationToken.None);
