namespace InferenceServer.Backends.XGBoost.Engine;

/// <summary>What the library is to compute, in its own numbers.</summary>
internal enum Prediction
{
    /// <summary>The sum of the trees, and what the objective makes of it.</summary>
    Normal = 0,

    /// <summary>The sum of the trees.</summary>
    Raw = 1,

    /// <summary>What each feature adds to the sum (SHAP values), and at the end what a row adds before anything is known of it.</summary>
    Contributions = 2,

    /// <summary>The node that a row ends in, for each tree.</summary>
    Leaves = 6,
}
