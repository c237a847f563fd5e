namespace Hitless.Simulator.Network;

/// <summary>One direction of one link between two units.</summary>
internal sealed class Path
{
    /// <summary>Nothing passes while this is false: a partition, also of one direction only.</summary>
    public bool Up { get; set; } = true;

    /// <summary>Share of datagrams that vanish.</summary>
    public double Loss { get; set; }

    /// <summary>Share of datagrams that arrive twice.</summary>
    public double Duplication { get; set; }

    /// <summary>Share of datagrams that take much longer, and so are overtaken.</summary>
    public double Straggling { get; set; }
}
