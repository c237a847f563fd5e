namespace Hitless.Core.Api;

/// <summary><c>POST /v1/invite</c>. <c>Address</c> null: that of the first heartbeat link.</summary>
public sealed record InviteRequest(string? Address = null);

/// <summary>The code of an invitation, and until when it is valid; a former invitation of this unit is void.</summary>
public sealed record InviteResult(string Code, DateTimeOffset ExpiresAt, string Address, int Port);

/// <summary>What the inviting unit says first: the image that the cluster runs, and whose images it takes.</summary>
/// <param name="Cluster">Name of the cluster.</param>
/// <param name="Unit">Name of the inviting unit.</param>
/// <param name="Version">Version that the inviting unit runs.</param>
/// <param name="ImageHash">Its image; null: slots hold whole systems, or the daemon runs without slots.</param>
/// <param name="ImageAtHand">Whether the image can be fetched from it.</param>
/// <param name="UnitFilePath">Where its unit.yaml lies (absolute).</param>
/// <param name="KeyFile">Where the cluster's key lies there (absolute).</param>
/// <param name="TrustFile">Where the certificates lie there (absolute); null: none are configured.</param>
/// <param name="Trust">Certificates (PEM) that images must be signed by.</param>
public sealed record JoinOffer(
    string Cluster,
    string Unit,
    string Version,
    string? ImageHash,
    bool ImageAtHand,
    string UnitFilePath,
    string KeyFile,
    string? TrustFile,
    byte[]? Trust
);

/// <summary>An address that a unit has on one of its interfaces.</summary>
public sealed record PortAddress(string Interface, string Address);

/// <summary>What the joining unit asks for. <c>Priority</c> null: below the inviting unit's.</summary>
public sealed record JoinRequest(string Unit, int? Priority, IReadOnlyList<PortAddress> Addresses);

/// <summary>Everything that makes the joining machine a unit.</summary>
/// <param name="UnitFile">Its unit.yaml.</param>
/// <param name="ClusterFile">The cluster.yaml of the current revision; null: there is none.</param>
/// <param name="Key">The key's file.</param>
/// <param name="Notes">What an operator has to do or to look at, a line each.</param>
public sealed record JoinResult(string UnitFile, byte[]? ClusterFile, byte[] Key, IReadOnlyList<string> Notes)
{
    /// <summary>The units that restart with their new peer before the inviting one does, in this order.</summary>
    public IReadOnlyList<string> RestartFirst
    {
        get;
        init => field = value ?? [];
    } = [];
}
