namespace Hitless.Daemon.Configuration.Yaml;

/// <summary>The values of one map, defaults filled in. What was wrong, or may be absent and is, is not there.</summary>
public sealed class Section(Place at)
{
    private readonly Dictionary<string, Located> _values = new(StringComparer.Ordinal);

    /// <summary>Where the map begins.</summary>
    public Place At => at;

    /// <summary>All keys with their values, in the order of the table of keys.</summary>
    public IEnumerable<KeyValuePair<string, Located>> Values => _values;

    /// <summary>Sets a value; null leaves it out.</summary>
    public void Set(string key, Located? value)
    {
        if (value is not null)
        {
            _values[key] = value;
        }
    }

    /// <summary>Sets a value; null takes away what is there.</summary>
    public void Replace(string key, Located? value)
    {
        _values.Remove(key);
        Set(key, value);
    }

    /// <summary>The value of a key that is there; only called for a file without problems.</summary>
    public T Get<T>(string key) =>
        Find(key) is { Value: T value }
            ? value
            : throw new InvalidOperationException($"the table of keys and its reader disagree about {key}");

    /// <summary>The value and its place, or null.</summary>
    public Located? Find(string key) => _values.GetValueOrDefault(key);

    /// <summary>The section under a key; one without values when it was wrong.</summary>
    public Section Under(string key) => Find(key)?.Value as Section ?? new Section(at);

    /// <summary>The entries of a list of scalars.</summary>
    public IReadOnlyList<Located> Items(string key) => Find(key)?.Value as List<Located> ?? [];

    /// <summary>The entries of a list of sections.</summary>
    public IReadOnlyList<Section> Sections(string key) => [.. Items(key).Select(item => item.Value).OfType<Section>()];
}
