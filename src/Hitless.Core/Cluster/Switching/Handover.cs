using Hitless.Core.Wire;

namespace Hitless.Core.Cluster.Switching;

/// <summary>The switchover that this primary has begun, or began last.</summary>
internal sealed class Handover
{
    /// <summary>To whom.</summary>
    public UnitId Target { get; private set; }

    /// <summary>Why, in words.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>An operator or a run waits for its end.</summary>
    public bool ForOperator { get; private set; }

    /// <summary>One begins.</summary>
    public void Begin(UnitId target, string why, bool forOperator) => (Target, Reason, ForOperator) = (target, why, forOperator);
}
