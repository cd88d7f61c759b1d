# Every tunable of Doc Chat, one line each. The environment wins over this file:
#   PORT=9000 ./start.sh
# docs/configuration.md describes each with its range; unknown or out-of-range
# values stop the start with a sentence that names the variable.

# --- Where it listens and where it keeps things
export HOST="${HOST:-127.0.0.1}"  # address to listen on; 0.0.0.0 opens it to the local network
export PORT="${PORT:-8080}"  # port to listen on
export BEHIND_PROXY="${BEHIND_PROXY:-false}"  # take the client's address and https from the X-Forwarded headers of one proxy in front
export DATA_DIR="${DATA_DIR:-data}"  # database, files, index, logs; relative paths start at this file's folder
export DATABASE_URL="${DATABASE_URL:-}"  # empty: SQLite in DATA_DIR; or postgresql+psycopg://user:password@host/name
export QDRANT_URL="${QDRANT_URL:-}"  # empty: embedded index in DATA_DIR; or the address of a Qdrant cluster
export QDRANT_API_KEY="${QDRANT_API_KEY:-}"  # key of the Qdrant cluster, if it wants one
export REDIS_URL="${REDIS_URL:-}"  # empty: one server process; or the Redis that several server processes share
export SECRET_KEY_FILE="${SECRET_KEY_FILE:-}"  # empty: DATA_DIR/secret.key, made at the first start; encrypts provider keys

# --- Accounts
export SIGNUP_ENABLED="${SIGNUP_ENABLED:-false}"  # whether anybody may register after the first account; invites always work
export SESSION_EXPIRY_HOURS="${SESSION_EXPIRY_HOURS:-24}"  # hours of disuse after which a session ends
export INVITE_EXPIRY_HOURS="${INVITE_EXPIRY_HOURS:-168}"  # hours an unused invite code stays valid
export PASSWORD_MIN_CHARACTERS="${PASSWORD_MIN_CHARACTERS:-8}"  # shortest password accepted
export RATE_LIMIT_LOGIN="${RATE_LIMIT_LOGIN:-20 per minute}"  # log-ins and registrations per address
export RATE_LIMIT_API="${RATE_LIMIT_API:-6000 per minute}"  # all other calls per address

# --- Limits of the page and the API
export API_TIMEOUT_MS="${API_TIMEOUT_MS:-30000}"  # how long the page waits for an API call
export MAX_UPLOAD_MB="${MAX_UPLOAD_MB:-512}"  # largest file accepted, in MiB
export IMPORT_MAX_MB="${IMPORT_MAX_MB:-20480}"  # largest export of an account or of another program that can be imported, in MiB, packed and unpacked
export MESSAGE_MAX_CHARACTERS="${MESSAGE_MAX_CHARACTERS:-32000}"  # longest question accepted

# --- Finding passages
export RAG_MAX_DOCUMENT_RESULTS="${RAG_MAX_DOCUMENT_RESULTS:-10}"  # passages given to the model
export RAG_CANDIDATES="${RAG_CANDIDATES:-100}"  # passages taken from each of the two searches before they are fused
export RAG_DENSE_WEIGHT="${RAG_DENSE_WEIGHT:-0.3}"  # weight of a passage's embedding; keywords weigh 1 minus both dense weights
export RAG_SENTENCE_WEIGHT="${RAG_SENTENCE_WEIGHT:-0.3}"  # weight of a passage's best sentence's embedding
export RAG_EXACT_WEIGHT="${RAG_EXACT_WEIGHT:-0.05}"  # how much numbers, dates and identifiers of the question add where they stand letter by letter; quoted phrases ten times as much
export CHUNK_MAX_CHARACTERS="${CHUNK_MAX_CHARACTERS:-1500}"  # longest passage, in characters
export CHUNK_OVERLAP_CHARACTERS="${CHUNK_OVERLAP_CHARACTERS:-150}"  # how much of a passage's end the next one may repeat, in whole sentences
export EMBEDDING_URL="${EMBEDDING_URL:-}"  # empty: the built-in model; or the base URL of a server with /embeddings, for example http://127.0.0.1:11434/v1
export EMBEDDING_MODEL="${EMBEDDING_MODEL:-}"  # the model to ask that server for; after a change the old model answers until all documents are embedded anew
export EMBEDDING_API_KEY="${EMBEDDING_API_KEY:-}"  # key of that server, if it wants one
export EMBEDDING_THREADS="${EMBEDDING_THREADS:-2}"  # threads that embed documents in the ingest worker
export EMBEDDING_BATCH_CHUNKS="${EMBEDDING_BATCH_CHUNKS:-64}"  # passages embedded between two commits
export INDEX_POLL_MS="${INDEX_POLL_MS:-200}"  # how often committed passages are carried into the search index

# --- Conversations
export QUESTION_REWRITE_TIMEOUT_S="${QUESTION_REWRITE_TIMEOUT_S:-4}"  # how long a language model may take to put a follow-up into words that need no others; 0: rules do it
export CONVERSATION_TITLE_TIMEOUT_S="${CONVERSATION_TITLE_TIMEOUT_S:-15}"  # how long a language model may take to name a conversation after its first answer; 0: the question names it
export CHAT_HISTORY_MESSAGES="${CHAT_HISTORY_MESSAGES:-10}"  # earlier messages given to the model
export CHAT_MAX_RUNNING_ANSWERS="${CHAT_MAX_RUNNING_ANSWERS:-400}"  # answers streaming at the same time, all users together
export CHAT_MAX_RUNNING_PER_USER="${CHAT_MAX_RUNNING_PER_USER:-8}"  # answers of one user streaming at the same time
export CHAT_CHUNKS_PER_SECOND="${CHAT_CHUNKS_PER_SECOND:-30}"  # most events a second that carry one answer's text
export CHAT_SAVE_INTERVAL_MS="${CHAT_SAVE_INTERVAL_MS:-1000}"  # how often a streaming answer is saved
export PROMPT_MAX_CHARACTERS="${PROMPT_MAX_CHARACTERS:-24000}"  # most text given to a model whose window is not known: passages, history, question
export PROMPT_MAX_TOKENS="${PROMPT_MAX_TOKENS:-32000}"  # most given to a model whose window is known, however large that is; paid models cost by it
export ANSWER_MIN_EVIDENCE="${ANSWER_MIN_EVIDENCE:-0.44}"  # from which relevance of its best sentence on the evidence counts as an answer; below it, every model's answer begins by saying so
export QUOTES_MAX_SENTENCES="${QUOTES_MAX_SENTENCES:-6}"  # most sentences that the built-in quotes give
export SEARCH_MIN_RELEVANCE="${SEARCH_MIN_RELEVANCE:-0.2}"  # from which relevance on the search box shows a passage or message that shares no word with the query
export MEMORY_ENABLED="${MEMORY_ENABLED:-true}"  # whether answers may recall what was said in other conversations of the same user; false: nothing is recalled or kept for it
export MEMORY_MAX_RESULTS="${MEMORY_MAX_RESULTS:-5}"  # most remembered turns given to the model
export MEMORY_MIN_RELEVANCE="${MEMORY_MIN_RELEVANCE:-0.3}"  # from which relevance to the question on a turn is recalled
export MEMORY_DENSE_WEIGHT="${MEMORY_DENSE_WEIGHT:-0.3}"  # share of the embedding in a turn's score; the rest is keywords
export MEMORY_ANSWER_WEIGHT="${MEMORY_ANSWER_WEIGHT:-0.85}"  # how much of its score an answer of a model keeps against what the user said
export MEMORY_QUESTION_WEIGHT="${MEMORY_QUESTION_WEIGHT:-0.8}"  # how much the words of a question right before a turn count as the turn's own; docchat reindex applies a change
export MEMORY_NEIGHBOUR_WEIGHT="${MEMORY_NEIGHBOUR_WEIGHT:-0.15}"  # the same of all other words before it
export MEMORY_DATE_WEIGHT="${MEMORY_DATE_WEIGHT:-0.2}"  # the same of the words of its date
export MEMORY_NEIGHBOUR_EMBEDDED="${MEMORY_NEIGHBOUR_EMBEDDED:-true}"  # whether a turn is embedded together with the end of the one before
export MEMORY_DATE_EMBEDDED="${MEMORY_DATE_EMBEDDED:-true}"  # whether a turn is embedded together with its date
export MEMORY_RECENCY_WEIGHT="${MEMORY_RECENCY_WEIGHT:-0.1}"  # share of its score that a turn loses with age, half of it in half a year
export MEMORY_TALK_WEIGHT="${MEMORY_TALK_WEIGHT:-0.2}"  # how much the best turn of the same conversation and day counts for a turn
export PROVIDER_CONNECT_TIMEOUT_S="${PROVIDER_CONNECT_TIMEOUT_S:-10}"  # how long to wait for a provider to accept the connection
export PROVIDER_IDLE_TIMEOUT_S="${PROVIDER_IDLE_TIMEOUT_S:-120}"  # how long a provider may stay silent in mid-answer
export OLLAMA_URL="${OLLAMA_URL:-http://127.0.0.1:11434}"  # where Ollama listens unless a user says otherwise
export CUSTOM_PROVIDERS="${CUSTOM_PROVIDERS:-}"  # further servers that speak OpenAI's protocol, as name=url,name=url; each becomes a provider of its own

# --- Taking documents in
export INGEST_ENABLED="${INGEST_ENABLED:-true}"  # whether the server runs an ingest worker of its own
export OCR_ENABLED="${OCR_ENABLED:-true}"  # whether text is recognised in pictures and scanned pages
export INGEST_MEMORY_MB="${INGEST_MEMORY_MB:-2048}"  # memory cap of the ingest worker, in MiB; 0: none
export INGEST_NICE="${INGEST_NICE:-10}"  # how far the ingest worker gives way to others (0 to 19)
export INGEST_LEASE_S="${INGEST_LEASE_S:-60}"  # after how long without progress a job counts as abandoned
export INGEST_DOCUMENT_S="${INGEST_DOCUMENT_S:-120}"  # how long opening a document may take; also added to the time for all its pages
export INGEST_PAGE_S="${INGEST_PAGE_S:-10}"  # how much each page adds to the time that reading a document may take
export INGEST_PAGE_MAX_S="${INGEST_PAGE_MAX_S:-60}"  # how long reading one page may take
export INGEST_TURN_S="${INGEST_TURN_S:-5}"  # how long a document is read before it lets others that wait go first
export INGEST_MAX_ATTEMPTS="${INGEST_MAX_ATTEMPTS:-3}"  # tries before a document fails for good
export INGEST_RETRY_BASE_S="${INGEST_RETRY_BASE_S:-5}"  # pause after the first failed try; doubles with each
export INGEST_POLL_MS="${INGEST_POLL_MS:-250}"  # how often an idle worker looks for work
export ARCHIVE_MAX_ENTRIES="${ARCHIVE_MAX_ENTRIES:-5000}"  # most files unpacked from a ZIP archive and the archives inside it
export ARCHIVE_MAX_MB="${ARCHIVE_MAX_MB:-2048}"  # most MiB they may have together, unpacked
export PROGRESS_POLL_MS="${PROGRESS_POLL_MS:-300}"  # how often progress is passed on to open pages

# --- Watched folders
export WATCH_FOLDERS="${WATCH_FOLDERS:-}"  # folders of this machine whose files become documents, separated by ":"
export WATCH_USER="${WATCH_USER:-}"  # whose documents they become; empty: the first administrator's
export WATCH_INTERVAL_S="${WATCH_INTERVAL_S:-60}"  # how often they are looked through without a notice of a change
export WATCH_QUIET_S="${WATCH_QUIET_S:-2}"  # how long a file must be left alone before it is read

# --- The machine
export SERVER_THREADS="${SERVER_THREADS:-512}"  # threads of the server process; an open page takes one
export DB_POOL_SIZE="${DB_POOL_SIZE:-5}"  # database connections of one process
export DB_POOL_TIMEOUT_S="${DB_POOL_TIMEOUT_S:-30}"  # how long to wait for a free connection
export DB_BUSY_TIMEOUT_MS="${DB_BUSY_TIMEOUT_MS:-10000}"  # how long SQLite waits for another writer
export SHUTDOWN_TIMEOUT_S="${SHUTDOWN_TIMEOUT_S:-4}"  # how long a stop may take before it is forced

# --- Logs (in DATA_DIR/logs)
export LOG_LEVEL="${LOG_LEVEL:-INFO}"  # DEBUG, INFO, WARNING, ERROR
export LOG_MAX_BYTES="${LOG_MAX_BYTES:-10485760}"  # size at which a log file is rotated
export LOG_BACKUP_COUNT="${LOG_BACKUP_COUNT:-5}"  # rotated log files kept
export LOG_JSON="${LOG_JSON:-false}"  # one JSON object a line instead of text
