namespace Hitless.Core.Rights;

/// <summary>Which command of an image's recipe for the system is run (docs/decisions/0074).</summary>
public enum RecipeAct
{
    /// <summary>It is prepared; nothing takes effect.</summary>
    Stage,

    /// <summary>The system is changed.</summary>
    Install,

    /// <summary>The system is looked at.</summary>
    Check,

    /// <summary>The former system comes back.</summary>
    Revert,
}
