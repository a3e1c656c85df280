using System.Globalization;

namespace InferenceServer.Core.Repository;

/// <summary>One repository on disk.</summary>
/// <param name="Path">The folder, absolute.</param>
/// <param name="Namespace">The namespace that it is; null where names are one space over all repositories.</param>
internal sealed record RepositoryFolder(string Path, string? Namespace)
{
    /// <summary>The name of the only model where the folder is one model and no repository; null otherwise.</summary>
    public string? OnlyModel { get; init; }

    /// <summary>What a model of this repository is called everywhere else.</summary>
    public string NameOf(string model) => Namespace is null ? model : ModelNamespaces.Qualify(Namespace, model);

    /// <summary>Reads a name as one of this repository; false when it is another's.</summary>
    public bool TryRead(string name, out string model)
    {
        model = name;
        return Namespace is null || (ModelNamespaces.TrySplit(name, out var space, out model) && space == Namespace);
    }

    /// <summary>Why a folder or file of that name cannot be a model here; null when it can.</summary>
    public string? FindProblem(string model) =>
        Namespace is null ? null
        : model.Contains(ModelNamespaces.Separator, StringComparison.Ordinal) ? $"the name '{model}' has a '{ModelNamespaces.Separator}', which stands between namespace and model (--model-namespacing); rename the folder or file"
        : NameOf(model) is { Length: > ModelNames.MaxLength } name ? string.Create(CultureInfo.InvariantCulture, $"the name has {name.Length} characters with its namespace in front, expected at most {ModelNames.MaxLength}")
        : null;
}
