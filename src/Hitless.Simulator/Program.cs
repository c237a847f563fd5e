using Hitless.Simulator;

return Campaign.Run(args, Console.Out, Console.Error);
