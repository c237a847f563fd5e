namespace Hitless.Simulator.Units;

/// <summary>Cuts a machine's step short, as SIGKILL and the loss of power do.</summary>
internal sealed class ProcessEndedException : Exception;
