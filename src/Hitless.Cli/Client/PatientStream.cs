using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;

namespace Hitless.Cli.Client;

/// <summary>
/// A stream of the unit that is opened again whenever it breaks or ends, as long as patience lasts. What goes wrong before it
/// was open for the first time is an ordinary failure.
/// </summary>
internal sealed class PatientStream<T>(UnitClient unit, Patience patience, JsonTypeInfo<T> item)
{
    private bool _wasOpen;
    private long? _brokenSince;

    /// <summary>
    /// The items, without end; <paramref name="path"/> is asked at each opening. The reader leaves when it has what it wants.
    /// </summary>
    public async IAsyncEnumerable<T> ReadAsync(Func<string> path, [EnumeratorCancellation] CancellationToken cancel)
    {
        while (true)
        {
            await using var items = unit.StreamAsync(path(), item, Opened, cancel).GetAsyncEnumerator(cancel);
            while (await TryMoveNextAsync(items))
            {
                yield return items.Current;
            }

            await Task.Delay(patience.Between, cancel);
        }
    }

    private void Opened()
    {
        _wasOpen = true;
        _brokenSince = null;
    }

    // A refusal counts as broken: a unit that just came back may not have read its journal yet.
    private async Task<bool> TryMoveNextAsync(IAsyncEnumerator<T> items)
    {
        try
        {
            return await items.MoveNextAsync();
        }
        catch (Exception failed) when (_wasOpen && failed is UnreachableException or RefusedException)
        {
            _brokenSince ??= TimeProvider.System.GetTimestamp();
            if (TimeProvider.System.GetElapsedTime(_brokenSince.Value) > patience.Unreachable)
            {
                throw;
            }

            return false;
        }
    }
}
