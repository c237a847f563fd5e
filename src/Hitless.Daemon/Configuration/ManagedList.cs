using Hitless.Core.Api;
using Hitless.Core.Configuration;

namespace Hitless.Daemon.Configuration;

/// <summary>
/// Which files this unit writes, and which commands it runs for them, whoever asks: what its own settings list, what its current revision
/// has, and what the <c>cluster.yaml</c> of that or of the new revision lists (but for a unit that takes commands from its own file
/// alone). So whoever has the cluster's key can neither name a path nor
/// a command that no configuration lists: what is to be listed is committed first, on every unit, and stands in the history.
/// </summary>
/// <param name="settings">Those with which this process has started.</param>
/// <param name="clusterFile">Reads a cluster.yaml as this unit would.</param>
public sealed class ManagedList(UnitSettings settings, ClusterFileHere clusterFile)
{
    /// <summary>Null if all of the revision is listed; else what is not.</summary>
    /// <param name="revision">What is to be written here.</param>
    /// <param name="head">This unit's current revision.</param>
    public string? Refuse(Revision revision, Revision? head)
    {
        List<ManagedFileSettings> listed = [.. settings.Files];
        foreach (var content in new[] { ClusterFile.ContentOf(head), ClusterFile.ContentOf(revision) })
        {
            listed.AddRange(content is null ? [] : clusterFile.FilesListedBy(content));
        }

        foreach (var file in revision.Files.Where(file => file.Path != ClusterFile.Path))
        {
            var before = settings.Unit.OwnCommands ? null : head?.Files.FirstOrDefault(each => each.Path == file.Path);
            var known = listed.Where(each => each.Path == file.Path).ToList();
            if (before is null && known.Count == 0)
            {
                return $"{file.Path} is not listed under configuration.files on this unit";
            }

            var commands = (file.Check, file.Apply, file.Verify);
            var isKnown =
                (before is not null && (before.Check, before.Apply, before.Verify) == commands)
                || known.Exists(each => (each.Check, each.Apply, each.Verify) == commands);
            if (!isKnown && commands != (null, null, null))
            {
                return $"the commands for {file.Path} are not those that configuration.files lists on this unit";
            }
        }

        return null;
    }
}
